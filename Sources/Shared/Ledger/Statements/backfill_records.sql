-- Orders of one event that need a record in Redis, in the order of their ids, those after an id only. The row
-- comparison has the order of the index orders_to_fill: see backfill_event_orders.sql.
SELECT id, event_id, customer, quantity, version,
    CASE WHEN status IN ('held', 'confirmed') THEN quantity ELSE 0 END AS units,
    CASE WHEN needs_record THEN status END AS status,
    CASE WHEN needs_record THEN floor(extract(epoch FROM claimed_at) * 1000)::bigint END AS claimed_at,
    CASE WHEN needs_record THEN floor(extract(epoch FROM confirmed_at) * 1000)::bigint END AS confirmed_at,
    CASE WHEN needs_record THEN floor(extract(epoch FROM expires_at) * 1000)::bigint END AS expires_at,
    CASE WHEN needs_record THEN reason END AS reason
FROM orders CROSS JOIN LATERAL (
    -- The order needs a record in Redis: it is held, it waits, or it was made from an idempotency key (a bit of its id)
    -- that has not expired.
    SELECT status IN ('held', 'waiting') OR get_byte(uuid_send(id), 8) & 32 <> 0 AND claimed_at > now() - interval '24 hours'
        AS needs_record
) AS needs
WHERE (event_id, id) > (:event_id, :after::uuid) AND event_id <= :event_id
    -- The predicate of the index orders_to_fill, in the same words.
    AND (customer IS NOT NULL OR expires_at IS NOT NULL OR get_byte(uuid_send(id), 8) & 32 <> 0)
    AND needs_record
ORDER BY event_id, id LIMIT :limit
