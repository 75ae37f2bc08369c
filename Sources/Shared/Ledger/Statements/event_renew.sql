-- Begins a new generation of an event.
WITH renewed AS (
    UPDATE events SET generation = generation + 1, capacity = :capacity, held = 0, sold = 0, unpublished = true,
        updated_at = now()
    WHERE id = :id RETURNING id
)
INSERT INTO changes (type, event_id, details)
SELECT 'event.changed', id, :details::json FROM renewed WHERE EXISTS (SELECT FROM webhook_endpoints)
