-- Recovery: which Redis may be relied on, and how far the ledger has followed it.

-- A Redis that is not this server in this epoch, or that has leased fewer batches than the ledger has seen, has lost
-- something: nothing is sold from it before it has been put right.
CREATE TABLE partitions (
    partition integer PRIMARY KEY CHECK (partition >= 0),
    epoch bigint NOT NULL CHECK (epoch > 0),
    server text NOT NULL,
    recovered_at timestamptz NOT NULL DEFAULT now()
);

-- The number of the latest lease under which orders of the event reached the ledger.
ALTER TABLE events ADD COLUMN leased bigint NOT NULL DEFAULT 0;

-- Numbers what is told to Redis about events, so that it takes nothing that is older than what it has.
CREATE SEQUENCE publications;
