-- Deletes an event, and notes its generation.
WITH deleted AS (
    DELETE FROM events WHERE id = :id RETURNING id, generation
), rooms_deleted AS (
    DELETE FROM rooms WHERE event_id IN (SELECT id FROM deleted)
), changed AS (
    INSERT INTO changes (type, event_id, details)
    SELECT 'event.changed', id, :details::json FROM deleted WHERE EXISTS (SELECT FROM webhook_endpoints)
)
INSERT INTO deleted_events (id, generation) SELECT id, generation FROM deleted
ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, deleted_at = now()
