-- Changes of orders and events for other systems: an outbox, who wants what is in it, and what was delivered.

-- Who wants changes. While it is empty, no change is written. Statements that settle orders read it, so it is rarely changed;
-- what changes with each delivery is in webhook_progress.
CREATE TABLE webhook_endpoints (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    -- NULL: the changes are only kept, for clients that read them.
    url text,
    -- NULL: all.
    types text[],
    -- NULL: all.
    events text[],
    -- Why nothing is delivered; NULL if something is.
    paused text CHECK (paused IN ('operator', 'gone')),
    secret text NOT NULL,
    -- Signs too until it ends.
    previous_secret text,
    previous_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- The outbox: a row for each change, written by the statement that makes the change. A transaction number is given before
-- its transaction commits, so a reader that takes only numbers below the lowest one still running, in their order, never
-- passes a change that commits later.
CREATE TABLE changes (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    -- The id of the message, the same however often and to whom it is sent.
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    type text NOT NULL,
    event_id text NOT NULL,
    -- NULL for a change of an event.
    order_id uuid,
    version integer,
    customer text,
    quantity integer,
    reason text,
    claimed_at timestamptz,
    confirmed_at timestamptz,
    expires_at timestamptz,
    -- Of a change of an event. Of type json, which keeps the order of the members.
    details json,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (xid, seq)
);

-- How far each endpoint has come, and which worker delivers to it. The row with the endpoint 0 has the highest change that was
-- removed, and as its failures how often a first endpoint was registered. A row without its endpoint remains until the deliveries are removed.
CREATE TABLE webhook_progress (
    endpoint integer PRIMARY KEY,
    -- The changes up to this one have their deliveries.
    xid xid8 NOT NULL,
    seq bigint NOT NULL DEFAULT 0,
    owner text,
    owned_until timestamptz,
    -- Failures since the last success, and when the next attempt may be made.
    failures integer NOT NULL DEFAULT 0,
    retry_at timestamptz
) WITH (fillfactor = 50);

CREATE TABLE webhook_deliveries (
    endpoint integer NOT NULL,
    seq bigint NOT NULL,
    xid xid8 NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'retrying', 'delivered', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- A failure after this is the last one.
    retry_until timestamptz NOT NULL DEFAULT now() + interval '3 days',
    -- Of the state retrying.
    next_at timestamptz,
    attempted_at timestamptz,
    -- The HTTP status of the last attempt, and the beginning of its answer or why there was none.
    status integer,
    answer text,
    -- Of the states delivered and dead.
    done_at timestamptz,
    PRIMARY KEY (endpoint, seq)
);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint, seq) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_retrying ON webhook_deliveries (endpoint, next_at) WHERE state = 'retrying';
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (endpoint, seq) WHERE state = 'dead';
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (state, done_at) WHERE done_at IS NOT NULL;
