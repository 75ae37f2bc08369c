package import Domain

/// The names of all keys in Redis.
///
/// Every key of a partition contains the partition's number as hash tag, so that all keys of a partition are in one
/// slot of a Redis Cluster and each script runs on one node.
package struct Keyspace: Hashable, Sendable {
    package let partition: Int
    private let prefix: String
    /// The beginning of every record's key.
    let orderPrefix: String

    package init(partition: Int) {
        self.partition = partition
        prefix = "tb:{\(partition)}:"
        orderPrefix = prefix + "order:"
    }

    package var queue: String { prefix + "queue" }
    /// Tokens of the leased batches. The score is the end of the lease.
    package var leases: String { prefix + "leases" }
    /// The number of times that each leased batch has been taken.
    package var attempts: String { prefix + "attempts" }
    /// The number of snapshots in flight that release units.
    package var pendingReleases: String { prefix + "returns" }
    /// Batches that were taken while snapshots that release units were in flight, in the order in which they were
    /// taken.
    package var orderedBatches: String { prefix + "sequence" }
    /// The epoch in which the partition can be used. It is missing or `sealed:TOKEN` if the partition cannot be used.
    package var epoch: String { prefix + "epoch" }
    /// The current recovery: the token and lease of its holder, its phase, the epoch from which it began.
    package var recovery: String { prefix + "recovery" }
    /// The backfill since the last rebuild: the token and lease of its holder, its progress.
    package var backfill: String { prefix + "filling" }
    /// Events that have been published since the last rebuild.
    package var published: String { prefix + "published" }
    /// Events that were requested before their backfill: they are backfilled first.
    package var requestedBackfills: String { prefix + "wanted" }
    /// The number of leases that have begun.
    package var leasesBegun: String { prefix + "leased" }
    /// Matches every key of the partition.
    package var everything: String { prefix + "*" }
    /// The workers. The score is the time at which the worker was last alive.
    package var workers: String { prefix + "workers" }
    package var deadLetters: String { prefix + "dead" }
    /// Settled batches with the ids of their orders, whose records are deleted after the retention time. Orders with an
    /// idempotency key have a list of their own, because their retention time is longer.
    package func settled(withKey: Bool) -> String { prefix + (withKey ? "settled:keyed" : "settled") }
    /// The ranges of sequence numbers of the confirmed orders in the settled batches of the same kind: see
    /// ``ConfirmedRange``. The score is the last number.
    package func confirmed(withKey: Bool) -> String { prefix + (withKey ? "confirmed:keyed" : "confirmed") }
    /// The sequence number of the last order that was claimed without a hold.
    package var lastSequence: String { prefix + "numbered" }
    /// Events that have holds. The score is the time at which the first hold expires.
    package var eventsWithHolds: String { prefix + "holding" }
    /// The channel on which the ids of orders are published when they are final or in the ledger.
    package var finished: String { prefix + "finished" }
    package func batch(_ token: String) -> String { prefix + "inflight:" + token }
    package func event(_ id: EventID) -> String { prefix + "event:" + id.description }
    /// The units of each customer of the event.
    package func customers(_ id: EventID) -> String { prefix + "customers:" + id.description }
    /// The event's holds. The score is the time at which they expire.
    package func holds(_ id: EventID) -> String { prefix + "holds:" + id.description }
    /// The progress of an event's backfill: the stamp of its row in the ledger, and the position that the backfill has
    /// reached.
    package func backfill(_ id: EventID) -> String { prefix + "fill:" + id.description }
    /// The record of an order. Its key contains the second half of the order's id, so two claims with one idempotency
    /// key use the same record.
    package func order(_ id: OrderID) -> String { orderPrefix + id.secondHalf }
    /// The record of a settled order that changes after a later order with the same idempotency key has taken its key.
    /// Such records are rare and are never deleted.
    package func displacedOrder(_ id: OrderID) -> String { prefix + "displaced:" + id.description }
}

/// Maps events and orders to their partitions.
package struct Partitioning: Hashable, Sendable {
    package let all: [Keyspace]

    package var count: Int { all.count }

    package init(count: Int) {
        precondition((1...OrderID.partitionLimit).contains(count))
        all = (0..<count).map { Keyspace(partition: $0) }
    }

    /// The partition of an order; nil if its id names a partition that does not exist.
    package func home(of order: OrderID) -> Keyspace? {
        order.partition < count ? all[order.partition] : nil
    }

    /// The partition of an event: the FNV-1a hash of its id, modulo the number of partitions.
    package func home(of event: EventID) -> Keyspace {
        guard count > 1 else { return all[0] }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in event.description.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return all[Int(hash % UInt64(count))]
    }
}
