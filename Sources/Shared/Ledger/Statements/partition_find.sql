SELECT epoch, server FROM partitions WHERE partition = :partition
