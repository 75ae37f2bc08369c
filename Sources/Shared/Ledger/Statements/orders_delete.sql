-- Deletes an event's orders. There is no index by event alone: this reads the whole table.
DELETE FROM orders WHERE event_id = :event_id
