-- What earlier deliveries of orders led to.
SELECT id, status, version, floor(extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_at, reason
FROM orders WHERE id = ANY(:ids::uuid[])
