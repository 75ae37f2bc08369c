package import Domain
import Ledger
package import RedisClient
import RedisSchema
import Timing

/// Checks and repairs of the data of an event's orders: units of customers, records and holds.
extension Inventory {
    /// The orders that lack data in Redis: a record, if the order is held, waits or has a valid idempotency key; a
    /// record of at least the ledger's version; a hold, if the order is held; a place on the waiting list, if it waits.
    ///
    /// - Parameter orders: orders of one event, as the ledger has them.
    package func ordersLackingData(_ orders: [Order], of event: EventID) async throws(RedisError) -> [Order] {
        guard !orders.isEmpty else { return [] }
        let checks = orders.map { order in
            OrderCheck(order: order, needsRecord: [.held, .waiting].contains(order.state) || order.isSurelyKept)
        }
        return try await partition(of: event).run(VerifyScript(checks, of: event))
    }

    /// The units of customers in Redis, in the order of `customers`.
    package func units(of customers: [String], in event: EventID) async throws(RedisError) -> [Int] {
        guard !customers.isEmpty else { return [] }
        let keys = partitioning.home(of: event)
        var command = RedisCommand("HMGET", keys.customers(event))
        for customer in customers { command.append(customer) }
        let values = try await client.connection(of: keys.slot).send(command).array ?? []
        return values.map { $0.integer.map { Int($0) } ?? 0 }
    }

    /// A page of the customers that have units in Redis, and the cursor of the next page. The cursor "0" begins, and
    /// ends.
    package func customers(of event: EventID, from cursor: String) async throws(RedisError) -> (
        page: [String], next: String
    ) {
        let keys = partitioning.home(of: event)
        let command = RedisCommand("HSCAN", keys.customers(event), cursor, "COUNT", "1000")
        let answer = try await client.connection(of: keys.slot).send(command).array ?? []
        guard answer.count == 2, let next = answer[0].string, let fields = answer[1].array else {
            throw RedisError(.protocolViolation, "HSCAN replied in an unknown form", mayHaveRun: false)
        }
        return (stride(from: 0, to: fields.count, by: 2).compactMap { fields[$0].string }, next)
    }

    /// Adds to the units of customers, and writes missing records and holds of orders. False if the event is not
    /// loaded.
    func repair(_ event: borrowing LockedEvent, customers: [String: Int], orders: [Order]) async throws(RedisError)
        -> Bool
    {
        try await partition(of: event.id).run(
            RepairScript(event.id, generation: event.generation, customers: customers, orders: orders))
    }
}

extension Order {
    /// Whether it has an idempotency key that stays valid for at least an hour: records are deleted 24 hours after the
    /// settlement.
    fileprivate var isSurelyKept: Bool {
        let age = Timestamp.now.milliseconds - claimedAt.milliseconds
        return id.isMadeFromKey && age < (OrderQueue.keyRetention - .seconds(3600)).milliseconds
    }
}
