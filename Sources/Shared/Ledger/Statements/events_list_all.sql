-- Events, also archived ones, in the order of their ids, those after an id only.
SELECT id, name, capacity, max_quantity, per_customer_limit, hold_seconds, max_orders, max_holds,
    hold_pause_seconds, waitlist, offer_seconds, admission_rate, pass_seconds,
    floor(extract(epoch FROM lobby_opens_at) * 1000)::bigint AS lobby_opens_at,
    floor(extract(epoch FROM opens_at) * 1000)::bigint AS opens_at,
    floor(extract(epoch FROM closes_at) * 1000)::bigint AS closes_at,
    paused, archived, held, sold, generation, published_generation, unpublished,
    -- Changes with every change of the row.
    xmin::text || ':' || (extract(epoch FROM updated_at) * 1000000)::bigint AS stamp
FROM events WHERE id > :after ORDER BY id LIMIT :limit
