-- Renews the lease of an endpoint, makes deliveries of the next changes that it wants, and returns what is needed to deliver
-- them; no row if another worker has the endpoint, or if it is paused or gone.
WITH mine AS (
    SELECT endpoint, xid, seq, failures FROM webhook_progress
    WHERE endpoint = :endpoint AND owner = :owner FOR UPDATE
), wanted AS (
    SELECT mine.*, id, url, types, events, secret,
        CASE WHEN previous_until > now() THEN previous_secret END AS previous_secret
    FROM mine JOIN webhook_endpoints ON number = mine.endpoint
    WHERE url IS NOT NULL AND paused IS NULL
), batch AS MATERIALIZED (
    SELECT next.* FROM wanted CROSS JOIN LATERAL (
        SELECT xid, seq, type, event_id FROM changes
        WHERE (changes.xid, changes.seq) > (wanted.xid, wanted.seq)
            AND changes.xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid, seq LIMIT :limit
    ) AS next
), delivered AS (
    INSERT INTO webhook_deliveries (endpoint, seq, xid)
    SELECT endpoint, batch.seq, batch.xid FROM batch CROSS JOIN wanted
    WHERE type <> 'webhook.test' AND (types IS NULL OR type = ANY(types))
        AND (events IS NULL OR event_id = ANY(events))
    -- After a restoration it may have the delivery.
    ON CONFLICT (endpoint, seq) DO NOTHING
), moved AS (
    UPDATE webhook_progress SET owned_until = now() + :lease::bigint * interval '1 millisecond',
        xid = coalesce(last.xid, webhook_progress.xid), seq = coalesce(last.seq, webhook_progress.seq)
    FROM mine LEFT JOIN (SELECT xid, seq FROM batch ORDER BY xid DESC, seq DESC LIMIT 1) AS last ON true
    WHERE webhook_progress.endpoint = mine.endpoint
)
SELECT id, url, secret, previous_secret, failures, (SELECT count(*) FROM batch) AS fanned FROM wanted
