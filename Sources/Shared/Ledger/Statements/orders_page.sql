-- Orders with ids in a range, in descending order, of an event and with a status if these are given.
--
-- At most `scan` rows are read, from an index, and the last one of those is returned also if it does not match: so a
-- page costs the same in a table of any size, and the next one begins where this one has ended. Reading stops at the limit.
SELECT id, event_id, customer, quantity, status, previous_status, reason, version,
    floor(extract(epoch FROM claimed_at) * 1000)::bigint AS claimed_at,
    floor(extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_at,
    floor(extract(epoch FROM expires_at) * 1000)::bigint AS expires_at,
    floor(extract(epoch FROM updated_at) * 1000)::bigint AS recorded_at,
    number = :scan::bigint AS is_last_read, ((:event_id::text IS NULL OR event_id = :event_id::text)
        AND (:status::text IS NULL OR status = :status::text)) AS matches
FROM (
    SELECT *, row_number() OVER (ORDER BY id DESC) AS number
    FROM orders WHERE id >= :first::uuid AND id < :before::uuid
    ORDER BY id DESC LIMIT :scan::bigint
) AS read
WHERE ((:event_id::text IS NULL OR event_id = :event_id::text)
        AND (:status::text IS NULL OR status = :status::text)) OR number = :scan::bigint
ORDER BY id DESC LIMIT :limit
