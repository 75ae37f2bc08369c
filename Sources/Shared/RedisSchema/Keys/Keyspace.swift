import Domain

/// The names of all keys in Redis.
///
/// Every key of a partition carries the partition's number as hash tag, so that a partition is one slot of a Redis
/// Cluster and each script stays on one node.
package struct Keyspace: Hashable, Sendable {
    package let partition: Int
    private let prefix: String

    package init(partition: Int) {
        self.partition = partition
        prefix = "tb:{\(partition)}:"
    }

    package var queue: String { prefix + "queue" }
    /// Tokens of batches that are being worked on, scored with the end of their lease.
    package var leases: String { prefix + "leases" }
    /// How often each leased batch has been taken.
    package var attempts: String { prefix + "attempts" }
    /// How many snapshots on their way to the ledger give units back.
    package var pendingReleases: String { prefix + "returns" }
    /// Batches that were taken while units were on their way back, in the order in which they were taken.
    package var orderedBatches: String { prefix + "sequence" }
    /// The epoch in which this partition may be used; absent, or of another form, where it may not.
    package var epoch: String { prefix + "epoch" }
    /// The recovery that is under way: its holder's token and lease, its phase, the epoch that it began from.
    package var recovery: String { prefix + "recovery" }
    /// The filling of events from the ledger since the last rebuild: its holder's token and lease, how far it is.
    package var backfill: String { prefix + "filling" }
    /// Events that have been published since the last rebuild.
    package var published: String { prefix + "published" }
    /// Events that somebody asked for before they were filled in: they come first.
    package var requestedBackfills: String { prefix + "wanted" }
    /// How many leases have begun.
    package var leased: String { prefix + "leased" }
    /// Matches every key of the partition.
    package var everything: String { prefix + "*" }
    /// When each worker was last seen.
    package var workers: String { prefix + "workers" }
    package var deadLetters: String { prefix + "dead" }
    /// Batches that are settled, with the ids of their orders, whose records are to be let go after a while.
    package var settled: String { prefix + "settled" }
    /// The same for orders with an idempotency key, whose records are kept longer.
    package var settledWithKey: String { prefix + "settled:keyed" }
    /// Events that have holds, scored with the end of the first.
    package var eventsWithHolds: String { prefix + "holding" }
    /// The channel on which orders are named once they are final or in the ledger.
    package var finished: String { prefix + "finished" }
    package func batch(_ token: String) -> String { prefix + "inflight:" + token }
    package func event(_ id: EventID) -> String { prefix + "event:" + id.description }
    /// How many units each customer of the event has.
    package func customers(_ id: EventID) -> String { prefix + "customers:" + id.description }
    /// The event's holds, scored with their ends.
    package func holds(_ id: EventID) -> String { prefix + "holds:" + id.description }
    /// How far an event is filled in from the ledger: the stamp of its row there, and the place that the filling has reached.
    package func backfill(_ id: EventID) -> String { prefix + "fill:" + id.description }
    /// The record of an order, named by the second half of its id: two claims with one idempotency key meet there.
    package func order(_ id: OrderID) -> String { prefix + "order:" + id.secondHalf }
    /// The record of an order that is long settled, when it changes once more while an order that was made later with the
    /// same idempotency key is at its place. It is never let go: there are hardly any.
    package func displacedOrder(_ id: OrderID) -> String { prefix + "displaced:" + id.description }
}

/// Which partition an event or an order is at home in.
package struct Partitioning: Hashable, Sendable {
    package let count: Int

    package init(count: Int) {
        precondition((1...OrderID.partitionLimit).contains(count))
        self.count = count
    }

    package var all: [Keyspace] { (0..<count).map { Keyspace(partition: $0) } }

    /// The home of an order; nil where its id names a partition that does not exist.
    package func home(of order: OrderID) -> Keyspace? {
        order.partition < count ? Keyspace(partition: order.partition) : nil
    }

    /// The home of an event: the FNV-1a hash of its id, modulo the number of partitions.
    package func home(of event: EventID) -> Keyspace {
        guard count > 1 else { return Keyspace(partition: 0) }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in event.description.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return Keyspace(partition: Int(hash % UInt64(count)))
    }
}
