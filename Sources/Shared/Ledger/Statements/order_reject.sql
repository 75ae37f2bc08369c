-- Inserts an order for which the event has no units as rejected, if the event still has its generation. An order that waited
-- becomes rejected: an offer was made of units that do not exist.
WITH event AS (
    -- A transaction that reads the event's orders at the same time sees by the event's row that one was added.
    UPDATE events SET updated_at = now() WHERE id = :event_id AND generation = :generation RETURNING id
), written AS (
    INSERT INTO orders (id, event_id, customer, quantity, status, reason, claimed_at, expires_at, version)
    SELECT :id, id, :customer, :quantity, 'rejected', :reason, to_timestamp(:claimed_at::bigint / 1000.0),
        to_timestamp(:expires_at::bigint / 1000.0), :version
    FROM event
    ON CONFLICT (id) DO UPDATE SET previous_status = orders.status, status = excluded.status,
        version = excluded.version, reason = excluded.reason, expires_at = excluded.expires_at, updated_at = now()
    WHERE orders.status = 'waiting' AND orders.version < excluded.version
    RETURNING id, event_id, customer, quantity, reason, claimed_at, expires_at, version
)
INSERT INTO changes (type, event_id, order_id, version, customer, quantity, reason, claimed_at, expires_at)
SELECT 'order.rejected', event_id, id, version, customer, quantity, reason, claimed_at, expires_at
FROM written WHERE EXISTS (SELECT FROM webhook_endpoints)
