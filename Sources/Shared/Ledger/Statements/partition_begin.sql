-- Begins an epoch of a partition; changes nothing unless it follows the present one.
INSERT INTO partitions (partition, epoch, server, replication)
VALUES (:partition, :epoch, :server, :replication)
ON CONFLICT (partition) DO UPDATE SET epoch = :epoch, server = :server, replication = :replication, recovered_at = now()
WHERE partitions.epoch = :epoch::bigint - 1
