-- Removes old changes that no endpoint needs, a slice of them after a position. An endpoint needs a change that it has not
-- come to, or whose delivery is not done; one that is paused, for 30 days. Returns the last position that was read, and
-- whether the slice may be followed by another one.
WITH slice AS MATERIALIZED (
    SELECT xid, seq, at FROM changes
    WHERE (xid, seq) > (:xid::xid8, :seq::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY xid, seq LIMIT :limit
), removed AS (
    DELETE FROM changes USING slice
    WHERE changes.xid = slice.xid AND changes.seq = slice.seq AND slice.at < now() - :hours::int * interval '1 hour'
        AND NOT EXISTS (
            SELECT FROM webhook_endpoints JOIN webhook_progress ON endpoint = number
            WHERE url IS NOT NULL AND (webhook_progress.xid, webhook_progress.seq) < (slice.xid, slice.seq)
                AND (paused IS NULL OR slice.at > now() - interval '30 days'))
        AND NOT EXISTS (
            SELECT FROM webhook_endpoints JOIN webhook_deliveries AS deliveries ON deliveries.endpoint = number
            WHERE deliveries.seq = slice.seq AND deliveries.state <> 'delivered')
    RETURNING changes.xid, changes.seq
), noted AS (
    INSERT INTO webhook_progress (endpoint, xid, seq)
    (SELECT 0, xid, seq FROM removed ORDER BY xid DESC, seq DESC LIMIT 1)
    ON CONFLICT (endpoint) DO UPDATE SET xid = excluded.xid, seq = excluded.seq
    WHERE (webhook_progress.xid, webhook_progress.seq) < (excluded.xid, excluded.seq)
)
SELECT xid::text AS xid, seq, at < now() - :hours::int * interval '1 hour' AS is_old, (SELECT count(*) FROM removed) AS removed
FROM slice ORDER BY slice.xid DESC, seq DESC LIMIT 1
