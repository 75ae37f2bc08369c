-- The age in milliseconds of the oldest change that an endpoint which is not paused has not got; 0 if there is none. Of
-- deliveries that failed before, those that are due last are read: they are the oldest.
SELECT coalesce(max(floor(extract(epoch FROM now() - oldest.at) * 1000)), 0)::bigint AS age
FROM webhook_endpoints JOIN webhook_progress AS progress ON progress.endpoint = number
    CROSS JOIN LATERAL (
        SELECT least(
            (SELECT changes.at FROM webhook_deliveries AS deliveries
                JOIN changes ON changes.xid = deliveries.xid AND changes.seq = deliveries.seq
                WHERE endpoint = number AND state = 'pending' ORDER BY deliveries.seq LIMIT 1),
            (SELECT min(created_at) FROM (
                SELECT created_at FROM webhook_deliveries
                WHERE endpoint = number AND state = 'retrying' ORDER BY next_at DESC LIMIT 1000) AS retrying),
            (SELECT changes.at FROM changes
                WHERE (changes.xid, changes.seq) > (progress.xid, progress.seq)
                ORDER BY changes.xid, changes.seq LIMIT 1)) AS at
    ) AS oldest
WHERE url IS NOT NULL AND paused IS NULL
