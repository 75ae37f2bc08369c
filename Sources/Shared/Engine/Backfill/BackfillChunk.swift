import Domain
import RedisClient

/// A part of an event's orders on its way from the ledger to Redis. Pages follow one another: each begins where the one
/// before it ends.
struct BackfillChunk: Hashable, Sendable {
    /// Where the last page of an event ends.
    static let last = "end"
    /// Orders of one call: Redis does nothing else for about a millisecond.
    static let size = 1000

    var event: EventID
    var generation: Int
    /// Tells one state of the event's row in the ledger from another.
    var stamp: String
    /// The id of the last order of the page before; empty for the first page.
    var start: String
    /// The id of the page's last order, or ``last``.
    var end: String
    var rows: [BackfillRow]

    /// Each customer's units in this page.
    var customers: [String: Int] {
        var customers: [String: Int] = [:]
        for row in rows {
            if let customer = row.customer, row.units > 0 { customers[customer, default: 0] += row.units }
        }
        return customers
    }
}

/// How far an event is filled in, as Redis has it.
struct BackfillState: Hashable, Sendable {
    var stamp: String
    /// Where the next page has to begin.
    var place: String

    /// Nil if no filling of the event is under way.
    init?(_ reply: RESPValue) {
        let values = reply.array ?? []
        guard values.count == 2, let stamp = values[0].string, let place = values[1].string else { return nil }
        self.stamp = stamp
        self.place = place
    }
}
