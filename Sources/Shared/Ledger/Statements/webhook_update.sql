-- Sets what an endpoint wants. It is tried at once, however often it has failed. One that had no URL begins with the changes
-- that are not final yet.
WITH progress AS (
    UPDATE webhook_progress SET failures = 0, retry_at = NULL,
        xid = CASE WHEN url IS NULL THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE xid END,
        seq = CASE WHEN url IS NULL THEN 0 ELSE seq END
    FROM webhook_endpoints WHERE number = endpoint AND id = :id
)
UPDATE webhook_endpoints SET url = :url, types = :types::text[], events = :events::text[], paused = :paused,
    updated_at = now()
WHERE id = :id
