-- Orders by their ids, with their events' generations.
SELECT orders.id, event_id, events.generation, quantity, customer, status, version,
    floor(extract(epoch FROM claimed_at) * 1000)::bigint AS claimed_at,
    floor(extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_at,
    floor(extract(epoch FROM expires_at) * 1000)::bigint AS expires_at, reason
FROM orders JOIN events ON events.id = event_id
WHERE orders.id = ANY(:ids::uuid[])
