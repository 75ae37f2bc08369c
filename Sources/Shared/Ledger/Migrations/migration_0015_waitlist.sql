-- Waiting lists: a place on one is an order that waits and has no units.

ALTER TABLE events
    ADD COLUMN waitlist boolean NOT NULL DEFAULT false,
    ADD COLUMN offer_seconds integer CHECK (offer_seconds BETWEEN 10 AND 604800);

-- Every present row satisfies the wider condition, so the table is not read: NOT VALID, and never validated.
ALTER TABLE orders DROP CONSTRAINT orders_status_check;
ALTER TABLE orders ADD CONSTRAINT orders_status_check CHECK (status IN
    ('waiting', 'pending', 'held', 'confirmed', 'rejected', 'cancelled', 'expired')) NOT VALID;
