-- Notes the epoch of a partition in each row that a settlement can update. Waits for the settlements that are under way.
INSERT INTO leases_seen (partition, slot, leased, epoch)
SELECT :partition::int, slot, 0, :epoch::bigint FROM generate_series(0, 15) AS slot ORDER BY slot
ON CONFLICT (partition, slot) DO UPDATE SET epoch = excluded.epoch
