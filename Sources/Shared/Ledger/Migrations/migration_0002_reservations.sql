-- Reservations: customer limits, holds, idempotency keys, and orders that change after they are made.

ALTER TABLE events
    ADD COLUMN per_customer_limit integer CHECK (per_customer_limit BETWEEN 1 AND 1000000),
    ADD COLUMN hold_seconds integer CHECK (hold_seconds BETWEEN 1 AND 604800);

ALTER TABLE orders
    -- How many times the order has changed since it is known, the claim being the first: of two snapshots of an order the
    -- higher version stands, in whatever order they arrive.
    ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    -- The state before this one, where the ledger saw it; by it the event's counters follow a change.
    ADD COLUMN previous_status text,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
