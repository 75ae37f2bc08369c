-- Whether the ledger has transaction numbers that its server has not given yet: it was restored from a dump of another one.
SELECT EXISTS (SELECT FROM changes WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))
    OR EXISTS (SELECT FROM webhook_progress WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())) AS is_restored
