-- Raises the marks of a room, and sets the size of its lobby unless it is set. Returns the room as it is then; no row if there
-- is no such room.
UPDATE rooms SET numbers_given = greatest(numbers_given, :numbers_given::bigint),
    numbers_until = greatest(numbers_until, :numbers_until::bigint),
    admitted_until = greatest(admitted_until, :admitted_until::bigint),
    ended_until = greatest(ended_until, :ended_until::bigint),
    drawn_at = CASE WHEN lobby IS NULL THEN to_timestamp(:drawn_at::bigint / 1000.0) ELSE drawn_at END,
    lobby = coalesce(lobby, :lobby::bigint)
WHERE event_id = :event_id AND generation = :generation
RETURNING event_id, generation, secret, commitment, lobby,
    floor(extract(epoch FROM drawn_at) * 1000)::bigint AS drawn_at, numbers_given, numbers_until, admitted_until,
    ended_until
