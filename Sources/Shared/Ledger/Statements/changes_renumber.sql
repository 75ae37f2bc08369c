-- Gives the changes that were restored a number below all others, and lets every endpoint begin again with the first change:
-- those that have their deliveries get no others.
WITH deliveries AS (
    UPDATE webhook_deliveries SET xid = '1'
    WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())
), progress AS (
    UPDATE webhook_progress SET xid = CASE endpoint WHEN 0 THEN '1'::xid8 ELSE '0'::xid8 END, seq = 0, owner = NULL,
        owned_until = NULL
)
UPDATE changes SET xid = '1' WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())
