-- Creates an event; changes nothing if it exists.
INSERT INTO events (id, name, capacity, max_quantity, opens_at, closes_at, paused, per_customer_limit, hold_seconds)
VALUES (:id, :name, :capacity, :max_quantity, to_timestamp(:opens_at::bigint / 1000.0),
    to_timestamp(:closes_at::bigint / 1000.0), :paused, :per_customer_limit, :hold_seconds)
ON CONFLICT (id) DO NOTHING
