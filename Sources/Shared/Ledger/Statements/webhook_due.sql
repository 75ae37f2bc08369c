-- Deliveries of an endpoint that are due and that its worker does not have yet, with their changes: those that failed before,
-- half of the limit at most, and those that were not tried. Planned each time.
SELECT due.attempts, due.seq AS delivery, changes.xid::text AS xid, changes.seq, changes.id::text AS id, type, event_id,
    order_id, version, customer, quantity, reason,
    floor(extract(epoch FROM claimed_at) * 1000)::bigint AS claimed_at,
    floor(extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_at,
    floor(extract(epoch FROM expires_at) * 1000)::bigint AS expires_at,
    details::text AS details, floor(extract(epoch FROM at) * 1000)::bigint AS at
FROM (
    (SELECT seq, xid, attempts FROM webhook_deliveries
        WHERE endpoint = :endpoint AND state = 'retrying' AND next_at <= now() AND seq <> ALL(:busy::bigint[])
        ORDER BY next_at LIMIT (:limit::bigint + 1) / 2)
    UNION ALL
    (SELECT seq, xid, attempts FROM webhook_deliveries
        WHERE endpoint = :endpoint AND state = 'pending' AND seq <> ALL(:busy::bigint[])
        ORDER BY seq LIMIT :limit::bigint)
) AS due JOIN changes ON changes.xid = due.xid AND changes.seq = due.seq
LIMIT :limit::bigint
