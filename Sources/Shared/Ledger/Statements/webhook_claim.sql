-- Gives a worker some endpoints that have something to be done and that no other worker has, for the time of a lease. One
-- worker delivers to an endpoint at a time: so it has at most the wanted number of requests at a time, whatever the number of
-- workers, and a delivery needs no claim of its own. Planned each time, because the size of the tables changes much; with
-- LIMIT, a subquery is never computed for all endpoints at once.
WITH free AS (
    SELECT progress.endpoint
    FROM webhook_progress AS progress JOIN webhook_endpoints AS endpoints ON number = progress.endpoint
    WHERE url IS NOT NULL AND paused IS NULL AND coalesce(owned_until, '-infinity') <= now()
        AND coalesce(retry_at, '-infinity') <= now()
        AND coalesce(
            (SELECT 1 FROM webhook_deliveries AS deliveries
                WHERE deliveries.endpoint = progress.endpoint AND state = 'pending' ORDER BY deliveries.seq LIMIT 1),
            (SELECT 1 FROM webhook_deliveries AS deliveries
                WHERE deliveries.endpoint = progress.endpoint AND state = 'retrying' AND next_at <= now()
                ORDER BY next_at LIMIT 1),
            (SELECT 1 FROM changes
                WHERE (changes.xid, changes.seq) > (progress.xid, progress.seq)
                    AND changes.xid < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY changes.xid, changes.seq LIMIT 1)) IS NOT NULL
    ORDER BY owned_until NULLS FIRST LIMIT :limit
    FOR UPDATE OF progress SKIP LOCKED
)
UPDATE webhook_progress SET owner = :owner, owned_until = now() + :lease::bigint * interval '1 millisecond'
FROM free WHERE webhook_progress.endpoint = free.endpoint
RETURNING webhook_progress.endpoint
