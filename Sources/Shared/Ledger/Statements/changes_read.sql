-- Changes after a position, in their order: only those of transactions below the lowest one that still runs, so that none
-- that commits later has a place before them. Without a prepared plan, because the size of the table changes much.
SELECT xid::text AS xid, seq, id::text AS id, type, event_id, order_id, version, customer, quantity, reason,
    floor(extract(epoch FROM claimed_at) * 1000)::bigint AS claimed_at,
    floor(extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_at,
    floor(extract(epoch FROM expires_at) * 1000)::bigint AS expires_at,
    details::text AS details, floor(extract(epoch FROM at) * 1000)::bigint AS at
FROM changes
WHERE (xid, seq) > (:xid::xid8, :seq::bigint) AND xid < :below::xid8 AND type <> 'webhook.test'
ORDER BY changes.xid, seq LIMIT :limit
