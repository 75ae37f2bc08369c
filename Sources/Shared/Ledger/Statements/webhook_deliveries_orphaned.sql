-- Removes a slice of the deliveries of endpoints that were deleted.
DELETE FROM webhook_deliveries WHERE (endpoint, seq) IN (
    SELECT orphans.endpoint, orphans.seq
    FROM webhook_progress AS progress CROSS JOIN LATERAL (
        SELECT endpoint, seq FROM webhook_deliveries
        WHERE endpoint = progress.endpoint ORDER BY endpoint, seq LIMIT :limit FOR UPDATE SKIP LOCKED
    ) AS orphans
    WHERE progress.endpoint <> 0 AND NOT EXISTS (SELECT FROM webhook_endpoints WHERE number = progress.endpoint))
