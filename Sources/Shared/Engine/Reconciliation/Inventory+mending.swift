import Domain
import Ledger
import RedisClient
import RedisSchema
import Timing

/// What hangs on an event's orders in Redis: looking whether it is there, and putting it right.
extension Inventory {
    /// Those of some orders of an event, as the ledger has them, that lack in Redis what they need: a record, if they are held
    /// or have a good idempotency key; one no older than the ledger's; a hold, if they are held.
    package func unsupported(_ orders: [Order], of event: EventID) async throws(RedisError) -> [Order] {
        guard !orders.isEmpty else { return [] }
        let checks = orders.map { OrderCheck(order: $0, needsRecord: $0.state == .held || $0.isSurelyKept) }
        return try await partition(of: event).run(VerifyScript(checks, of: event))
    }

    /// Units of customers by Redis's account, in their order.
    package func units(of customers: [String], in event: EventID) async throws(RedisError) -> [Int] {
        guard !customers.isEmpty else { return [] }
        var command = RedisCommand("HMGET", partitioning.home(of: event).customers(event))
        for customer in customers { command.append(customer) }
        let values = try await client.connection.send(command).array ?? []
        return values.map { $0.integer.map { Int($0) } ?? 0 }
    }

    /// A page of customers that Redis has units of, and where the next begins; "0" is the beginning and the end.
    package func customers(of event: EventID, from cursor: String) async throws(RedisError) -> (
        page: [String], next: String
    ) {
        let key = partitioning.home(of: event).customers(event)
        let answer = try await client.connection.send(RedisCommand("HSCAN", key, cursor, "COUNT", "1000")).array ?? []
        guard answer.count == 2, let next = answer[0].string, let fields = answer[1].array else {
            throw RedisError(.protocolViolation, "HSCAN answered in another form", mayHaveRun: false)
        }
        return (stride(from: 0, to: fields.count, by: 2).compactMap { fields[$0].string }, next)
    }

    /// Moves units of customers, and gives orders the records and holds that they lack. False if the event is not
    /// loaded.
    func mend(_ event: borrowing LockedEvent, customers: [String: Int], orders: [Order]) async throws(RedisError)
        -> Bool
    {
        try await partition(of: event.id).run(
            RepairScript(event.id, generation: event.generation, customers: customers, orders: orders))
    }
}

extension Order {
    /// Whether its idempotency key, if it has one, is good for an hour at least: records of settled orders go after a day.
    fileprivate var isSurelyKept: Bool {
        let age = Timestamp.now.milliseconds - claimedAt.milliseconds
        return id.isMadeFromKey && age < (OrderQueue.keyRetention - .seconds(3600)).milliseconds
    }
}
