-- Creates an event, and returns its id; changes nothing if it exists. Its generation is later than that of a deleted event
-- with the same id.
WITH created AS (
    INSERT INTO events (id, name, capacity, max_quantity, opens_at, closes_at, paused, per_customer_limit, hold_seconds,
        max_orders, max_holds, hold_pause_seconds, waitlist, offer_seconds, admission_rate, pass_seconds, lobby_opens_at,
        archived, generation)
    VALUES (:id, :name, :capacity, :max_quantity, to_timestamp(:opens_at::bigint / 1000.0),
        to_timestamp(:closes_at::bigint / 1000.0), :paused, :per_customer_limit, :hold_seconds, :max_orders, :max_holds,
        :hold_pause_seconds, :waitlist, :offer_seconds, :admission_rate, :pass_seconds,
        to_timestamp(:lobby_opens_at::bigint / 1000.0), :archived,
        coalesce((SELECT generation + 1 FROM deleted_events WHERE deleted_events.id = :id), 1))
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), changed AS (
    INSERT INTO changes (type, event_id, details)
    SELECT 'event.changed', id, :details::json FROM created WHERE :are_new::boolean AND EXISTS (SELECT FROM webhook_endpoints)
)
SELECT id FROM created
