import Domain
package import RedisClient
import Timing

/// The result of a chunk; only `written` changes anything.
package enum BackfillOutcome: Int, ScriptCode {
    /// Another process has the lease.
    case lost
    case written
    /// The backfill is at another position than the start of the chunk.
    case outOfStep
    /// The event has been published.
    case alreadyPublished
}

/// Writes a chunk of an event's orders.
package struct BackfillScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "backfill", PackageResources.backfill_lua,
        prelude: [.numbers, .clock, .lists, .lease, .holders, .holds, .places],
        codes: [BackfillOutcome.self])
    package static var sample: BackfillScript {
        let order = Order(
            id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1, customer: "",
            state: .held,
            claimedAt: Timestamp(milliseconds: 0), expiresAt: Timestamp(milliseconds: 0))
        var place = order
        place.state = .waiting
        let rows = [order, place].map { BackfillRow(customer: "", units: 1, record: $0) }
        return BackfillScript(
            BackfillChunk(
                event: .demo, generation: 1, stamp: "", start: "", end: "", rows: rows, countsOrders: true,
                countsHolds: true), token: "", done: 0, total: 0)
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
        call.keysOfSale(id)
        call.key("settled_keyed", keys.settled(withKey: true))
        call.text("token", token)
        call.number("lease", RecoveryTiming.lease.milliseconds)
        call.number("done", done)
        call.number("total", total)
        call.text("generation", String(chunk.generation))
        call.text("stamp", chunk.stamp)
        call.text("from", chunk.start)
        call.text("to", chunk.end)
        call.text("settled_ids", Self.settled(orders))
        call.rows("units", chunk.customers) { row, customer in
            row.text("customer", customer.key)
            row.number("units", customer.value)
        }
        call.rows("new_holders", chunk.holders) { row, holder in
            row.text("name", "c" + holder.key)
            row.number("orders", holder.value.orders)
            row.number("held", holder.value.holds)
        }
        call.rows("held_orders", chunk.countsHolds ? chunk.heldByCustomers : []) { row, order in
            row.text("id", order.id.description)
            row.text("name", "c" + (order.customer ?? ""))
        }
        call.rows("records", orders) { row, order in
            row.key("record_key", keys.order(order.id))
            row.text("record", OrderCodec.encode(order))
        }
        call.rows("new_holds", orders.filter { $0.state == .held && $0.expiresAt != nil }) { row, order in
            row.number("expires_at", order.expiresAt?.milliseconds ?? 0)
            row.text("id", order.id.description)
        }
        call.rows("new_places", orders.filter { $0.state == .waiting }) { row, order in
            row.number("quantity", order.quantity)
            row.number("joined_at", order.claimedAt.milliseconds)
            row.text("customer", order.customer ?? "")
            row.text("id", order.id.description)
        }
    }

    /// The ids of the orders that are kept for their idempotency keys only, separated by commas.
    private static func settled(_ orders: [Order]) -> String {
        orders.filter { $0.state != .held && $0.state != .waiting && $0.id.isMadeFromKey }.map(\.id.description).joined(
            separator: ",")
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> BackfillOutcome {
        guard let outcome = BackfillOutcome(reply) else { throw Self.unreadable() }
        return outcome
    }
}
