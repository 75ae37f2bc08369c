-- The rooms of the present generations of events, whose marks stay as they are while the transaction is open.
SELECT rooms.event_id, rooms.generation, rooms.secret, rooms.commitment, rooms.lobby,
    floor(extract(epoch FROM rooms.drawn_at) * 1000)::bigint AS drawn_at, rooms.numbers_given, rooms.numbers_until,
    rooms.admitted_until, rooms.ended_until
FROM rooms JOIN events ON events.id = rooms.event_id AND events.generation = rooms.generation
WHERE rooms.event_id = ANY(:ids::text[])
ORDER BY rooms.event_id FOR UPDATE OF rooms
