-- The epoch of the partition when it was recovered last, in each row that a settlement updates: so a settlement learns,
-- without a lock of its own, that its lease is of an earlier epoch. NULL: there was no recovery since.
ALTER TABLE leases_seen ADD COLUMN epoch bigint;
-- Events with orders that were settled under a lease of an earlier epoch. Redis may lack them until it is compared with the
-- ledger. `noted` counts the settlements, so that one which is noted during the comparison is not forgotten with it.
CREATE TABLE late_events (
    partition integer NOT NULL,
    event_id text NOT NULL,
    noted bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (partition, event_id)
);
