-- When an event's row was created and when it changed last. Every settlement of an order of the event changes it.
SELECT floor(extract(epoch FROM created_at) * 1000)::bigint AS created_at,
    floor(extract(epoch FROM updated_at) * 1000)::bigint AS updated_at
FROM events WHERE id = :id
