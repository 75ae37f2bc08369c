-- Locks the events' rows in the order of their ids, writes each snapshot whose order is new or has a lower version, and
-- changes the events' counters by what was written: one statement and so one transaction. Returns one row with the
-- time, and one for each order that was not written, with the reason.
--
-- previous_status is taken from the row at the time of the write, not from the snapshot, so that the counters follow
-- the change that was made.
WITH input AS (
    SELECT * FROM unnest(
        :ids::uuid[], :events::text[], :generations::int[], :states::text[], :versions::int[], :customers::text[],
        :quantities::int[], :claimed_at::bigint[], :confirmed_at::bigint[], :expires_at::bigint[], :reasons::text[])
        AS columns (id, event_id, generation, status, version, customer, quantity, claimed_ms, confirmed_ms, expires_ms,
            reason)
), event AS MATERIALIZED (
    SELECT id, generation FROM events
    WHERE id IN (SELECT event_id FROM input) ORDER BY id FOR UPDATE
), written AS (
    INSERT INTO orders (id, event_id, customer, quantity, status, version, claimed_at, confirmed_at, expires_at,
        reason)
    SELECT input.id, event_id, customer, quantity, CASE status WHEN 'pending' THEN 'confirmed' ELSE status END,
        version, to_timestamp(claimed_ms::bigint / 1000.0),
        CASE status WHEN 'pending' THEN now() ELSE to_timestamp(confirmed_ms::bigint / 1000.0) END,
        to_timestamp(expires_ms::bigint / 1000.0), reason
    FROM input JOIN event ON event.id = event_id AND event.generation = input.generation
    ON CONFLICT (id) DO UPDATE SET previous_status = orders.status, status = excluded.status,
        version = excluded.version, confirmed_at = excluded.confirmed_at, expires_at = excluded.expires_at,
        reason = excluded.reason, updated_at = now()
    WHERE orders.version < excluded.version AND orders.status <> 'rejected'
    RETURNING id, event_id, quantity, status, previous_status
), moved AS (
    UPDATE events SET sold = sold + sold_units, held = held + held_units, updated_at = now()
    FROM (
        SELECT event_id,
            sum(quantity * ((status = 'confirmed')::int - (previous_status IS NOT DISTINCT FROM 'confirmed')::int))
                AS sold_units,
            sum(quantity * ((status = 'held')::int - (previous_status IS NOT DISTINCT FROM 'held')::int))
                AS held_units
        FROM written GROUP BY event_id
    ) AS sums
    WHERE events.id = sums.event_id
    RETURNING events.id, sold, capacity, sold_units
), changed AS (
    -- The outbox. Without an endpoint, nothing is written and nothing is joined.
    INSERT INTO changes (type, event_id, order_id, version, customer, quantity, claimed_at, confirmed_at, expires_at,
        reason, details)
    SELECT 'order.' || written.status, written.event_id, written.id, input.version, input.customer, written.quantity,
        to_timestamp(claimed_ms::bigint / 1000.0),
        CASE input.status WHEN 'pending' THEN now() ELSE to_timestamp(confirmed_ms::bigint / 1000.0) END,
        to_timestamp(expires_ms::bigint / 1000.0), input.reason, NULL::json
    FROM written JOIN input ON input.id = written.id
    WHERE EXISTS (SELECT FROM webhook_endpoints)
    UNION ALL
    -- The last unit was sold by this statement.
    SELECT 'event.sold_out', id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        json_build_object('capacity', capacity, 'sold', sold)
    FROM moved WHERE sold = capacity AND sold_units > 0 AND EXISTS (SELECT FROM webhook_endpoints)
), noted AS (
    -- Counting what was written ends first, so this runs after all events are locked.
    INSERT INTO leases_seen (partition, slot, leased)
    SELECT :partition::int, pg_backend_pid() % 16, :lease::bigint WHERE (SELECT count(*) FROM written) > 0
    -- A lease of an earlier epoch is none that Redis has to have begun.
    ON CONFLICT (partition, slot) DO UPDATE SET leased =
        CASE WHEN leases_seen.epoch <> :epoch::bigint THEN leases_seen.leased
            ELSE greatest(leases_seen.leased, excluded.leased) END
    RETURNING epoch
), late AS (
    -- A recovery has begun another epoch since the lease began. It may not have counted these orders.
    INSERT INTO late_events (partition, event_id)
    SELECT DISTINCT :partition::int, event_id FROM written, noted WHERE noted.epoch <> :epoch::bigint
    ON CONFLICT (partition, event_id) DO UPDATE SET noted = late_events.noted + 1
)
SELECT NULL AS id, 'now' AS outcome, floor(extract(epoch FROM now()) * 1000)::bigint AS written_at
UNION ALL
SELECT input.id, CASE
        WHEN event.id IS NULL THEN 'unknown'
        WHEN event.generation > input.generation THEN 'forgotten'
        WHEN event.generation < input.generation THEN 'ahead'
        ELSE 'present' END, NULL
FROM input LEFT JOIN event ON event.id = input.event_id
WHERE NOT EXISTS (SELECT FROM written WHERE written.id = input.id)
