package import Domain
package import RedisClient

/// The names of all keys in Redis.
///
/// Every key of a partition contains the partition's hash tag, so that all keys of a partition are in one slot of a Redis
/// Cluster and each script runs on one node.
package struct Keyspace: Hashable, Sendable {
    package let partition: Int
    /// The slot of all keys of the partition in a Redis Cluster.
    package let slot: HashSlot
    private let tag: String
    private let prefix: String
    /// The beginning of every record's key.
    let orderPrefix: String

    package init(partition: Int) {
        self.init(partition: partition, tag: String(partition))
    }

    /// - Parameter tag: the hash tag of the partition's keys.
    package init(partition: Int, tag: String) {
        self.partition = partition
        self.tag = tag
        prefix = "tb:{\(tag)}:"
        slot = HashSlot(ofKey: prefix)
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
    /// A key that never exists. Every script declares it.
    ///
    /// While a Redis Cluster moves a slot key by key, a script runs on the source if all keys that it declares are
    /// there. It is stopped in the middle, with its writes so far, when it uses a key that is not: one that it has just
    /// emptied is enough. If a declared key is missing, both nodes refuse the script with TRYAGAIN before it runs.
    package var guardKey: String { prefix + "guard" }
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
    /// The number of entries that were ever taken from the queue.
    package var taken: String { prefix + "taken" }
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
    /// The orders with an idempotency key whose records went early because the memory was short.
    package var forgotten: String { prefix + "forgotten" }
    /// The sequence number of the last order that was claimed without a hold.
    package var lastSequence: String { prefix + "numbered" }
    /// Events that have holds. The score is the time at which the first hold expires.
    package var eventsWithHolds: String { prefix + "holding" }
    /// Events with places on their waiting lists that may get offers, or end. The score is the time from which.
    package var offersDue: String { prefix + "offering" }
    /// The channel on which the ids of orders are published when they are final or in the ledger.
    package var finished: String { prefix + "finished" }
    /// The figures of an interval, of all processes: see ``IntervalFigures``. In the slot of the partition, but not among the keys
    /// that ``everything`` matches: they are not part of the sale, and stay when the partition is rebuilt.
    package func figures(ofInterval number: Int64) -> String { "tb:figures:{\(tag)}:\(number)" }
    /// The stock of a strategy of the lab.
    package func lab(_ strategy: String) -> String { prefix + "lab:" + strategy }
    package func batch(_ token: String) -> String { prefix + "inflight:" + token }
    package func event(_ id: EventID) -> String { prefix + "event:" + id.description }
    /// The units of each customer of the event.
    package func customers(_ id: EventID) -> String { prefix + "customers:" + id.description }
    /// The event's holds. The score is the time at which they expire.
    package func holds(_ id: EventID) -> String { prefix + "holds:" + id.description }
    /// The holders of the event, if it has a term that counts them: see `Prelude/holders.lua`.
    package func holders(_ id: EventID) -> String { prefix + "holders:" + id.description }
    /// The holders whose holds lapsed. The score is the time at which that is forgotten.
    package func lapsed(_ id: EventID) -> String { prefix + "lapsed:" + id.description }
    /// The places on the event's waiting list: see `Prelude/places.lua`.
    package func waiting(_ id: EventID) -> String { prefix + "waiting:" + id.description }
    /// The order of each customer's place.
    package func waiters(_ id: EventID) -> String { prefix + "waiters:" + id.description }
    /// Events that have a waiting room.
    package var rooms: String { prefix + "rooms" }
    /// The counters of an event's waiting room: see `Prelude/rooms.lua`.
    package func room(_ id: EventID) -> String { prefix + "room:" + id.description }
    /// The numbers of the places that customers and keys have in the room.
    package func places(_ id: EventID) -> String { prefix + "places:" + id.description }
    /// The admissions whose passes are valid, the oldest first.
    package func ticks(_ id: EventID) -> String { prefix + "ticks:" + id.description }
    /// The units that were bought with passes, by the numbers of their places.
    package func passes(_ id: EventID) -> String { prefix + "passes:" + id.description }
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
