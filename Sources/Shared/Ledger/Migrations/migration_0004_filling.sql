-- Recovery at the size of a sale: nothing that it reads grows with the orders ever sold or the events ever held.

-- Orders that Redis has to know of after it was emptied, by event: a filling reads a page at a time and can go on at any
-- place. Orders without customer, hold and idempotency key are not in it, so a sale without them does not pay for it. No
-- column of it changes in an order's life, so changes of orders stay heap-only (HOT).
CREATE INDEX orders_to_fill ON orders (event_id, id)
    WHERE customer IS NOT NULL OR expires_at IS NOT NULL OR get_byte(uuid_send(id), 8) & 32 <> 0;

-- Whether Redis may not have been told what stands here. Set with each change, cleared by the publication that follows; so
-- a program that starts publishes these events only.
ALTER TABLE events ADD COLUMN unpublished boolean NOT NULL DEFAULT true;
CREATE INDEX events_unpublished ON events (id) WHERE unpublished;

-- The highest number of a lease under which orders of a partition reached the ledger; some rows for each partition, so that
-- workers do not wait for each other. It takes the place of events.leased.
CREATE TABLE leases_seen (
    partition integer NOT NULL,
    slot integer NOT NULL,
    leased bigint NOT NULL,
    PRIMARY KEY (partition, slot)
) WITH (fillfactor = 50);
