-- Adds to the line of a change what has become of it.
UPDATE audit SET outcome = :outcome, after = :after::json, reason = :reason WHERE id = :id
