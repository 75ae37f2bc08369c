-- The same by event, as releases before version 4 of the schema noted it.
SELECT id, leased FROM events WHERE leased > 0
