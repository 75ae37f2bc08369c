-- What administrators have changed. A change of the ledger and its line are one transaction. The line of a change in Redis is
-- committed before the change as `started`; if it stays so, the outcome of the change is not known. Programs never delete lines.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL,
    -- The id of the event, order or dead letter; `*` for all of them.
    subject text NOT NULL,
    -- In the form of the API. Of type json, which keeps the order of the members.
    before json,
    after json,
    outcome text NOT NULL CHECK (outcome IN ('started', 'done', 'failed')),
    -- The code of the problem that the request was answered with.
    reason text,
    request_id text,
    address text
);
CREATE INDEX audit_subject ON audit (subject, id);
CREATE INDEX audit_actor ON audit (actor, id);
