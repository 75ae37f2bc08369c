-- Waiting rooms: an event with an admission rate lets people buy in the order of the numbers that they get there.
ALTER TABLE events
    ADD COLUMN admission_rate integer CHECK (admission_rate BETWEEN 1 AND 100000),
    ADD COLUMN pass_seconds integer NOT NULL DEFAULT 600 CHECK (pass_seconds BETWEEN 10 AND 3600),
    ADD COLUMN lobby_opens_at timestamptz;

-- What Redis must not forget of the room of each generation of an event.
CREATE TABLE rooms (
    event_id text NOT NULL,
    generation integer NOT NULL,
    -- 32 random bytes in hexadecimal digits, from which the order of the lobby is drawn, and their SHA-256, which everybody
    -- can see before the draw.
    secret text NOT NULL,
    commitment text NOT NULL,
    -- The number of places in the lobby, and when it was drawn. Never changed once it is set.
    lobby bigint,
    drawn_at timestamptz,
    -- Written before they are reached: no number above the first one was given, and nobody above the rank of the second one
    -- was admitted.
    numbers_until bigint NOT NULL DEFAULT 0,
    admitted_until bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, generation)
);
