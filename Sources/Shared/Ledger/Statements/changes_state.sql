-- What a reader of changes needs to know first: whether changes are written, up to which transaction they are final, the
-- highest one that was removed, and which history this is. A server that was restored from a dump, or a standby that became
-- the primary, begins another history, in which a transaction number can stand for another transaction; so does a first
-- endpoint, before which changes were not written.
SELECT EXISTS (SELECT FROM webhook_endpoints) AS are_written,
    pg_snapshot_xmin(pg_current_snapshot())::text AS below,
    (SELECT xid::text FROM webhook_progress WHERE endpoint = 0) AS removed_xid,
    (SELECT seq FROM webhook_progress WHERE endpoint = 0) AS removed_seq,
    (SELECT system_identifier::text FROM pg_control_system()) || '-' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
        || '-' || coalesce((SELECT failures FROM webhook_progress WHERE endpoint = 0), 0) AS history
