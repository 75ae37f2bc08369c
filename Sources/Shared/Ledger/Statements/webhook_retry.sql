-- Makes a delivery due again, whatever has become of it, if its change still exists. It can be tried for three days again.
UPDATE webhook_deliveries AS deliveries
SET state = 'pending', attempts = 0, next_at = NULL, done_at = NULL, retry_until = now() + interval '3 days'
FROM changes
WHERE endpoint = :endpoint AND deliveries.seq = :seq AND changes.xid = deliveries.xid AND changes.seq = deliveries.seq
