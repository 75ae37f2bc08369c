-- Registers an endpoint; changes nothing if it exists. It gets the changes that are not final yet. If it is the first one, no
-- changes were written before, and another history begins: who has read up to an earlier place cannot go on there.
WITH made AS (
    INSERT INTO webhook_endpoints (id, url, types, events, paused, secret)
    VALUES (:id, :url, :types::text[], :events::text[], :paused, :secret)
    ON CONFLICT (id) DO NOTHING
    RETURNING number
), first AS (
    INSERT INTO webhook_progress (endpoint, xid, failures)
    SELECT 0, '0', 1 FROM made
    WHERE NOT EXISTS (SELECT FROM webhook_endpoints)
    ON CONFLICT (endpoint) DO UPDATE SET failures = webhook_progress.failures + 1
), begun AS (
    INSERT INTO webhook_progress (endpoint, xid) SELECT number, pg_snapshot_xmin(pg_current_snapshot()) FROM made
)
SELECT number FROM made
