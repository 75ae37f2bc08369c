-- Waiting rooms: no pass of a rank up to this one is valid. Written after it is reached.
ALTER TABLE rooms ADD COLUMN ended_until bigint NOT NULL DEFAULT 0;
