-- Writes a line of the audit trail.
INSERT INTO audit (actor, action, subject, before, after, outcome, request_id, address)
VALUES (:actor, :action, :subject, :before::json, :after::json, :outcome, :request_id, :address)
RETURNING id
