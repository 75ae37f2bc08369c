-- Sets the terms of an event. Redis lacks them until the publication that follows.
UPDATE events SET name = :name, capacity = :capacity, max_quantity = :max_quantity,
    opens_at = to_timestamp(:opens_at::bigint / 1000.0), closes_at = to_timestamp(:closes_at::bigint / 1000.0),
    paused = :paused, per_customer_limit = :per_customer_limit, hold_seconds = :hold_seconds,
    unpublished = true, updated_at = now()
WHERE id = :id
