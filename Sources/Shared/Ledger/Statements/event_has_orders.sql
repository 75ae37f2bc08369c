-- Whether the ledger has an order of an event. There is no index by event alone: without an order this reads the whole
-- table.
SELECT EXISTS (SELECT FROM orders WHERE event_id = :event_id) AS has_orders
