-- Gives up deliveries whose time has ended: untried ones of an endpoint that fails all the time, and, after 30 days, those of
-- one that is paused.
UPDATE webhook_deliveries AS deliveries
SET state = 'dead', done_at = now(), next_at = NULL,
    answer = coalesce(answer, 'not tried: the endpoint has failed or was paused all the time')
FROM (
    SELECT endpoints.number, old.seq
    FROM webhook_endpoints AS endpoints JOIN webhook_progress AS progress ON progress.endpoint = endpoints.number
        CROSS JOIN LATERAL (
            SELECT seq FROM webhook_deliveries
            WHERE endpoint = endpoints.number AND state = 'pending'
                AND retry_until < now() - CASE WHEN paused IS NULL THEN interval '0' ELSE interval '27 days' END
            ORDER BY seq LIMIT :limit
        ) AS old
    WHERE paused IS NOT NULL OR failures >= :failures::int
) AS expired
WHERE deliveries.endpoint = expired.number AND deliveries.seq = expired.seq AND state = 'pending'
