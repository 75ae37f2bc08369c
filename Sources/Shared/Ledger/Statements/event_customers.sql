-- Customers that have units of an event.
SELECT DISTINCT customer FROM orders
WHERE event_id = :event_id AND customer IS NOT NULL AND status IN ('held', 'confirmed') LIMIT :limit
