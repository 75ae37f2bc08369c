-- A message for one endpoint only.
WITH made AS (
    INSERT INTO changes (type, event_id, details) VALUES ('webhook.test', '', :details::json) RETURNING xid, seq
)
INSERT INTO webhook_deliveries (endpoint, seq, xid) SELECT :endpoint::int, seq, xid FROM made RETURNING seq
