-- The room of a generation of an event.
SELECT event_id, generation, secret, commitment, lobby,
    floor(extract(epoch FROM drawn_at) * 1000)::bigint AS drawn_at, numbers_given, numbers_until, admitted_until,
    ended_until
FROM rooms WHERE event_id = :event_id AND generation = :generation
