package import Domain
import RedisClient

/// Adds to the units of customers, and writes missing records, holds and places of orders. False if the event is not loaded.
/// The caller has the event's row locked.
package struct RepairScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "repair", PackageResources.repair_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .customers, .orders, .places])
    package static let sample = RepairScript(
        .demo, generation: 1, customers: ["": 1],
        orders: [
            Order(
                id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1, state: .held,
                claimedAt: Timestamp(milliseconds: 0))
        ])

    private let id: EventID
    private let generation: Int
    private let customers: [String: Int]
    private let orders: [Order]

    package var fence: ScriptFence { .epoch }

    /// - Parameters:
    ///   - customers: the number to add to the units of each customer.
    ///   - orders: as the ledger has them.
    package init(_ id: EventID, generation: Int, customers: [String: Int], orders: [Order]) {
        self.id = id
        self.generation = generation
        self.customers = customers
        self.orders = orders
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("event", keys.event(id))
        call.key("customers", keys.customers(id))
        call.key("holds", keys.holds(id))
        call.key("waiting", keys.waiting(id))
        call.key("waiters", keys.waiters(id))
        call.key("offers_due", keys.offersDue)
        call.key("events_with_holds", keys.eventsWithHolds)
        call.text("generation", String(generation))
        call.text("id", id.description)
        call.rows("moves", customers) { row, move in
            row.text("customer", move.key)
            row.number("units", move.value)
        }
        call.rows("orders", orders) { row, order in
            row.key("record_key", keys.order(order.id))
            row.text("id", order.id.description)
            row.text("record", OrderCodec.encode(order))
        }
    }
}
