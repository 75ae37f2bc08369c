-- The ledger: what is sold, for auditors and analysts. Redis decides claims; this is what stands.

CREATE TABLE events (
    id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL,
    capacity integer NOT NULL CHECK (capacity BETWEEN 0 AND 1000000000),
    held integer NOT NULL DEFAULT 0 CHECK (held >= 0),
    sold integer NOT NULL DEFAULT 0 CHECK (sold >= 0),
    max_quantity integer NOT NULL CHECK (max_quantity BETWEEN 1 AND 1000),
    opens_at timestamptz,
    closes_at timestamptz,
    paused boolean NOT NULL DEFAULT false,
    -- A reset begins a new generation: orders of an earlier one are gone, also those still on their way.
    generation integer NOT NULL DEFAULT 1,
    -- The last generation that Redis was told of; lower than generation: no order of this generation can exist.
    published_generation integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- The last word against overselling, whatever Redis believes.
    CONSTRAINT no_oversell CHECK (sold + held <= capacity)
);

-- One row an order. There is no foreign key: rows are only ever inserted joined with their event's locked row, and the
-- check of a key for each row would cost more than the row.
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    event_id text NOT NULL,
    customer text,
    quantity integer NOT NULL CHECK (quantity > 0),
    status text NOT NULL CHECK (status IN ('pending', 'held', 'confirmed', 'rejected', 'cancelled', 'expired')),
    reason text,
    claimed_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    expires_at timestamptz
);
