-- The ids of events whose sale has not ended, in their order.
SELECT id FROM events WHERE NOT archived AND (closes_at IS NULL OR closes_at > now()) ORDER BY id LIMIT :limit
