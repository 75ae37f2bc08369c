package import Domain
package import RedisClient

/// An order to check: whether Redis has the data that the order needs according to the ledger.
package struct OrderCheck: Hashable, Sendable {
    package var order: Order
    /// Whether it needs a record: it is held, it waits, or its idempotency key is still valid.
    package var needsRecord: Bool

    package init(order: Order, needsRecord: Bool) {
        self.order = order
        self.needsRecord = needsRecord
    }
}

/// Names the orders of an event that lack a record, a record as new as the ledger's, a hold, or a place on the waiting list.
package struct VerifyScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "verify", PackageResources.verify_lua, .noWrites, prelude: [.orders, .forgotten])
    package static let sample = VerifyScript(
        [
            OrderCheck(
                order: Order(
                    id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1, state: .held,
                    claimedAt: Timestamp(milliseconds: 0)),
                needsRecord: true)
        ], of: .demo)

    private let checks: [OrderCheck]
    private let id: EventID

    package var fence: ScriptFence { .none }

    package init(_ checks: [OrderCheck], of id: EventID) {
        self.checks = checks
        self.id = id
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("holds", keys.holds(id))
        call.key("waiting", keys.waiting(id))
        call.key("forgotten", keys.forgotten)
        call.rows("orders", checks) { row, check in
            row.key("record_key", keys.order(check.order.id))
            row.text("id", check.order.id.description)
            row.number("version", check.order.version)
            row.flag("needs_record", check.needsRecord)
        }
    }

    package func decode(_ reply: RESPValue) -> [Order] {
        (reply.array ?? []).compactMap(\.integer).map { checks[Int($0) - 1].order }
    }
}
