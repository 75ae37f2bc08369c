import Domain
import RedisClient
import Timing

/// A part of an event's orders, to be written to Redis from the ledger. Chunks follow one another: each begins where the one
/// before it ends.
package struct BackfillChunk: Hashable, Sendable {
    /// The position at which the last chunk of an event ends.
    package static let last = "end"
    /// Orders of one call: Redis does nothing else for about a millisecond.
    package static let size = 1000

    package var event: EventID
    package var generation: Int
    /// Tells one state of the event's row in the ledger from another.
    package var stamp: String
    /// The id of the last order of the chunk before; empty for the first chunk.
    package var start: String
    /// The id of the chunk's last order, or ``last``.
    package var end: String
    package var rows: [BackfillRow]

    package init(
        event: EventID, generation: Int, stamp: String, start: String, end: String, rows: [BackfillRow]
    ) {
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
}

/// How far an event is backfilled, as Redis has it.
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

/// The result of a chunk; only `written` changes anything.
package enum BackfillOutcome: Int, ScriptCode {
    /// Another process has the lease.
    case lost
    case written
    /// The backfill is at another position than the chunk's start.
    case outOfStep
    /// The event has been published.
    case alreadyPublished
}

/// Writes a chunk of an event's orders.
package struct BackfillScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "backfill", PackageResources.backfill_lua, prelude: [.numbers, .clock, .lists, .lease],
        codes: [BackfillOutcome.self])
    package static var sample: BackfillScript {
        let order = Order(
            id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1, state: .held,
            claimedAt: Timestamp(milliseconds: 0), expiresAt: Timestamp(milliseconds: 0))
        let rows = [BackfillRow(customer: "", units: 1, record: order)]
        return BackfillScript(
            BackfillChunk(event: .demo, generation: 1, stamp: "", start: "", end: "", rows: rows), token: "", done: 0,
            total: 0)
    }

    private let chunk: BackfillChunk
    private let token: String
    private let done: Int
    private let total: Int

    package var fence: ScriptFence { .epoch }

    /// - Parameters:
    ///   - done: units that the whole backfill has written with this chunk.
    ///   - total: units that it has to write.
    package init(_ chunk: BackfillChunk, token: String, done: Int, total: Int) {
        self.chunk = chunk
        self.token = token
        self.done = done
        self.total = total
    }

    package func encode(into call: inout ScriptEncoder) {
        let (keys, id) = (call.keys, chunk.event)
        let orders = chunk.rows.compactMap(\.record)
        call.key("backfill", keys.backfill)
        call.key("event_backfill", keys.backfill(id))
        call.key("event", keys.event(id))
        call.key("customers", keys.customers(id))
        call.key("holds", keys.holds(id))
        call.text("token", token)
        call.number("lease", RecoveryTiming.lease.milliseconds)
        call.number("done", done)
        call.number("total", total)
        call.text("generation", String(chunk.generation))
        call.text("stamp", chunk.stamp)
        call.text("from", chunk.start)
        call.text("to", chunk.end)
        call.rows("units", chunk.customers) { row, customer in
            row.text("customer", customer.key)
            row.number("units", customer.value)
        }
        call.rows("records", orders) { row, order in
            row.key("record_key", keys.order(order.id))
            row.text("record", OrderCodec.encode(order))
        }
        call.rows("new_holds", orders.filter { $0.state == .held && $0.expiresAt != nil }) { row, order in
            row.number("expires_at", order.expiresAt?.milliseconds ?? 0)
            row.text("id", order.id.description)
        }
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> BackfillOutcome {
        guard let outcome = BackfillOutcome(reply) else { throw Self.unreadable() }
        return outcome
    }
}

/// Takes the lease for backfilling. False if another process has it.
package struct HoldBackfillScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "hold_backfill", PackageResources.hold_backfill_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .lease])
    package static let sample = HoldBackfillScript("")

    private let token: String

    package var fence: ScriptFence { .epoch }

    package init(_ token: String) {
        self.token = token
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("backfill", call.keys.backfill)
        call.text("token", token)
        call.number("lease", RecoveryTiming.lease.milliseconds)
    }
}

/// Releases the lease for backfilling. False if the token is not the holder's, or an event was requested meanwhile.
package struct EndBackfillScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "end_backfill", PackageResources.end_backfill_lua, .allowOutOfMemory, prelude: [.lease])
    package static let sample = EndBackfillScript("", isComplete: true)

    private let token: String
    private let isComplete: Bool

    package var fence: ScriptFence { .epoch }

    package init(_ token: String, isComplete: Bool) {
        self.token = token
        self.isComplete = isComplete
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("backfill", call.keys.backfill)
        call.key("requested_backfills", call.keys.requestedBackfills)
        call.text("token", token)
        call.flag("is_complete", isComplete)
    }
}
