-- The secret of the installation, with which ids are made from idempotency keys. A program makes it at its first start: see
-- installation_secret.sql. Here is only noted whether an earlier release has made ids without it, that is, whether the first
-- step of the schema ran in an earlier transaction.
INSERT INTO installation (name, value)
SELECT 'plain_ids', 'true' FROM schema_migrations WHERE version = 1 AND applied_at < now();
