SELECT epoch, server, coalesce(replication, '') AS replication FROM partitions WHERE partition = :partition
