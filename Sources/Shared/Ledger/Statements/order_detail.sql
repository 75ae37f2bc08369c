-- One order, with its state before this one and the time at which its row was written.
SELECT id, event_id, customer, quantity, status, previous_status, reason, version,
    floor(extract(epoch FROM claimed_at) * 1000)::bigint AS claimed_at,
    floor(extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_at,
    floor(extract(epoch FROM expires_at) * 1000)::bigint AS expires_at,
    floor(extract(epoch FROM updated_at) * 1000)::bigint AS recorded_at
FROM orders WHERE id = :id
