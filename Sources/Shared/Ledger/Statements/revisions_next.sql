-- Numbers for publications. Drawn after the rows are locked: the order of the numbers is the order of the locks.
SELECT nextval('publications') AS revision FROM generate_series(1, :count::int)
