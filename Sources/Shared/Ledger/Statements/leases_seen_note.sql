-- Notes the number of an earlier release for a partition, once.
INSERT INTO leases_seen (partition, slot, leased) VALUES (:partition, -1, :leased)
ON CONFLICT (partition, slot) DO NOTHING
