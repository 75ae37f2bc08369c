-- Makes the room of the present generation of an event that has an admission rate, unless it has one, and removes those of
-- earlier generations.
WITH earlier AS (
    DELETE FROM rooms USING events
    WHERE events.id = :event_id AND rooms.event_id = events.id AND rooms.generation < events.generation
)
INSERT INTO rooms (event_id, generation, secret, commitment)
SELECT id, generation, :secret, encode(sha256(decode(:secret, 'hex')), 'hex')
FROM events WHERE id = :event_id AND admission_rate IS NOT NULL
ON CONFLICT (event_id, generation) DO NOTHING
