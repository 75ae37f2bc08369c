-- Events that are over: they delay nothing, can be archived, and can be deleted if they have no orders.

-- An archived event is not in Redis, and is listed on request only.
ALTER TABLE events ADD COLUMN archived boolean NOT NULL DEFAULT false;
CREATE INDEX events_listed ON events (id) WHERE NOT archived;
CREATE INDEX events_archived ON events (id) WHERE archived;

-- Step 4 marked every event of an earlier release. Redis has those whose sale ended long ago, or does not need them.
UPDATE events SET unpublished = false
WHERE unpublished AND published_generation = generation AND closes_at < now() - interval '1 day';

-- The events of which Redis may have another state: they are published before anything is sold after a restart.
CREATE INDEX events_changed ON events (id) WHERE unpublished AND published_generation > 0;
-- The events that Redis does not have, by the end of their sale: those that are over are published on request only.
CREATE INDEX events_unknown ON events ((coalesce(closes_at, 'infinity'::timestamptz)))
    WHERE unpublished AND published_generation = 0;
DROP INDEX events_unpublished;

-- The last generation of deleted events. A new event with the same id begins after it, because Redis keeps records for a day.
CREATE TABLE deleted_events (
    id text PRIMARY KEY,
    generation integer NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now()
);
