-- Waiting rooms: numbers up to this one belong to people, or have had their turns. Written after they are given, so that numbers
-- between it and numbers_until may belong to nobody if Redis loses the room.
ALTER TABLE rooms ADD COLUMN numbers_given bigint NOT NULL DEFAULT 0;
