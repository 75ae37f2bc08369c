package import Domain
package import RedisClient

/// A part of an event's orders, which is copied from the ledger to Redis. Each chunk begins at the position at which
/// the previous one ends.
package struct BackfillChunk: Hashable, Sendable {
    /// The position at which the last chunk of an event ends.
    package static let last = "end"
    /// Orders of one call, which occupies Redis for about 1 ms.
    package static let size = 1000

    package var event: EventID
    package var generation: Int
    /// Identifies one state of the event's row in the ledger.
    package var stamp: String
    /// The id of the last order of the previous chunk; empty for the first chunk.
    package var start: String
    /// The id of the chunk's last order, or ``last``.
    package var end: String
    package var rows: [BackfillRow]
    /// Whether the orders, and the holds, of customers are counted: see `Prelude/holders.lua`.
    package var countsOrders: Bool
    package var countsHolds: Bool

    package init(
        event: EventID, generation: Int, stamp: String, start: String, end: String, rows: [BackfillRow],
        countsOrders: Bool = false, countsHolds: Bool = false
    ) {
        self.countsOrders = countsOrders
        self.countsHolds = countsHolds
        self.event = event
        self.generation = generation
        self.stamp = stamp
        self.start = start
        self.end = end
        self.rows = rows
    }

    /// Each customer's units in this chunk.
    var customers: [String: Int] {
        var customers: [String: Int] = [:]
        for row in rows {
            if let customer = row.customer, row.units > 0 { customers[customer, default: 0] += row.units }
        }
        return customers
    }

    /// What a customer has in this chunk.
    struct Holder: Hashable {
        /// Orders that have units.
        var orders = 0
        var holds = 0
    }

    /// The customers whose orders or holds are counted. The ledger does not know the client addresses.
    var holders: [String: Holder] {
        guard countsOrders || countsHolds else { return [:] }
        var holders: [String: Holder] = [:]
        for row in rows {
            guard let customer = row.customer, row.units > 0 else { continue }
            if countsOrders { holders[customer, default: Holder()].orders += 1 }
            if countsHolds, row.record?.state == .held { holders[customer, default: Holder()].holds += 1 }
        }
        return holders.filter { $0.value.orders > 0 || $0.value.holds > 0 }
    }

    /// Orders that customers hold.
    var heldByCustomers: [Order] { rows.compactMap(\.record).filter { $0.state == .held && $0.customer != nil } }
}

/// The progress of an event's backfill in Redis.
package struct BackfillState: Hashable, Sendable {
    package var stamp: String
    /// Where the next chunk must begin.
    package var position: String

    /// The fields of the event's backfill, in the order in which they are read.
    package static let fields = ["stamp", "at"]

    /// Nil if no backfill of the event is in progress.
    package init?(_ reply: RESPValue) {
        let values = reply.array ?? []
        guard values.count == 2, let stamp = values[0].string, let position = values[1].string else { return nil }
        self.stamp = stamp
        self.position = position
    }
}
