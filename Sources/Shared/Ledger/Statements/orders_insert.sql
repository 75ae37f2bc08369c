-- Inserts new orders of one event that are sold at once, which is what a batch usually consists of, and counts their
-- units. Returns one row with the time; no row if the ledger has no such event or the event has another generation, and
-- then nothing is written. Fails if one of the orders exists; orders_write.sql handles these cases.
--
-- quantities is NULL if each order has one unit, customers if none has a customer: an array that is NULL has NULL for
-- each of the others' elements. The arrays are unnested in the select list, where they need no tuple store.
WITH event AS (
    -- Locks the event's row.
    UPDATE events SET sold = sold + :units::bigint, updated_at = now()
    WHERE id = :event_id AND generation = :generation
    RETURNING id, sold, capacity
), input AS (
    SELECT event.id AS event_id, unnest(:ids::uuid[]) AS id, unnest(:claimed_at::timestamptz[]) AS claimed_at,
        unnest(:quantities::int4[]) AS quantity, unnest(:customers::text[]) AS customer
    FROM event
), written AS (
    INSERT INTO orders (id, event_id, customer, quantity, status, version, claimed_at, confirmed_at)
    SELECT id, event_id, customer, coalesce(quantity, 1), 'confirmed', 1, claimed_at, now() FROM input
), noted AS (
    -- Needs the row of the event, so this runs after the event is locked.
    INSERT INTO leases_seen (partition, slot, leased)
    SELECT :partition::int, pg_backend_pid() % 16, :lease::bigint FROM event
    -- As in orders_write.sql.
    ON CONFLICT (partition, slot) DO UPDATE SET leased =
        CASE WHEN leases_seen.epoch <> :epoch::bigint THEN leases_seen.leased
            ELSE greatest(leases_seen.leased, excluded.leased) END
    RETURNING epoch
), late AS (
    -- As in orders_write.sql.
    INSERT INTO late_events (partition, event_id)
    SELECT :partition::int, event.id FROM event, noted WHERE noted.epoch <> :epoch::bigint
    ON CONFLICT (partition, event_id) DO UPDATE SET noted = late_events.noted + 1
), changed AS (
    -- As in orders_write.sql. The arrays are unnested again, so that without an endpoint the orders need no tuple store.
    INSERT INTO changes (type, event_id, order_id, version, customer, quantity, claimed_at, confirmed_at, details)
    SELECT 'order.confirmed', event_id, id, 1, customer, coalesce(quantity, 1), claimed_at, now(), NULL::json
    FROM (
        SELECT event.id AS event_id, unnest(:ids::uuid[]) AS id, unnest(:claimed_at::timestamptz[]) AS claimed_at,
            unnest(:quantities::int4[]) AS quantity, unnest(:customers::text[]) AS customer
        FROM event WHERE EXISTS (SELECT FROM webhook_endpoints)
    ) AS orders
    UNION ALL
    SELECT 'event.sold_out', id, NULL, NULL, NULL, NULL, NULL, NULL,
        json_build_object('capacity', capacity, 'sold', sold)
    FROM event WHERE sold = capacity AND EXISTS (SELECT FROM webhook_endpoints)
)
SELECT floor(extract(epoch FROM now()) * 1000)::bigint AS written_at FROM event
