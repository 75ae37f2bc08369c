-- The highest number of a lease under which orders of a partition reached the ledger; NULL if none is noted.
SELECT max(leased) AS leased FROM leases_seen WHERE partition = :partition
