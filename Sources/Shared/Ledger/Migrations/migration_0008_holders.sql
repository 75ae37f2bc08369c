-- Limits for one holder, a customer or a client address: orders of a generation, holds under way, and the first pause after a
-- hold that lapsed.
ALTER TABLE events
    ADD COLUMN max_orders integer CHECK (max_orders BETWEEN 1 AND 1000000),
    ADD COLUMN max_holds integer CHECK (max_holds BETWEEN 1 AND 1000000),
    ADD COLUMN hold_pause_seconds integer CHECK (hold_pause_seconds BETWEEN 1 AND 3600);
