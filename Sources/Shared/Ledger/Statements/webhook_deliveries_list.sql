-- Deliveries of an endpoint, the newest first, those before one only, in one state only if it is given. Planned each time,
-- so that a state is found by its index.
SELECT deliveries.seq, deliveries.state, attempts, status, answer, changes.id::text AS id, type, event_id,
    floor(extract(epoch FROM deliveries.created_at) * 1000)::bigint AS created_at,
    floor(extract(epoch FROM attempted_at) * 1000)::bigint AS attempted_at,
    floor(extract(epoch FROM next_at) * 1000)::bigint AS next_at
FROM webhook_deliveries AS deliveries
    LEFT JOIN changes ON changes.xid = deliveries.xid AND changes.seq = deliveries.seq
WHERE endpoint = :endpoint AND deliveries.seq < coalesce(:before::bigint, 9223372036854775807)
    AND (:state::text IS NULL OR deliveries.state = :state::text)
ORDER BY deliveries.seq DESC LIMIT :limit
