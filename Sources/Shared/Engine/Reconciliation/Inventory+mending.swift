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
        let keys = partitioning.home(of: event)
        var call = RedisScriptCall(Scripts.verify, keys: [keys.holds(event)])
        for order in orders {
            call.append(key: keys.order(order.id))
            call.append(order.id.description)
            call.append(order.version)
            call.append(order.state == .held || order.isSurelyKept ? 1 : 0)
        }
        let places = try await client.connection.evaluate(call).array ?? []
        return places.compactMap(\.integer).map { orders[Int($0) - 1] }
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

    /// Moves units of customers, and gives orders the records and holds that they lack. False if the event is not here.
    package func mend(
        _ event: borrowing LockedEvent, customers: [String: Int], orders: [Order]
    ) async throws(RedisError) -> Bool {
        let keys = partitioning.home(of: event.id)
        var call = RedisScriptCall(
            Scripts.repair,
            keys: [keys.event(event.id), keys.customers(event.id), keys.holds(event.id), keys.eventsWithHolds],
            arguments: [String(event.generation), event.id.description, String(customers.count)])
        for (customer, units) in customers {
            call.append(customer)
            call.append(units)
        }
        for order in orders {
            call.append(key: keys.order(order.id))
            call.append(order.id.description)
            call.append(OrderRecord.encode(order))
        }
        return try await client.connection.evaluate(call, in: keys, behind: fence).integer == 1
    }
}

extension Order {
    /// Whether its idempotency key, if it has one, is good for an hour at least: records of settled orders go after a day.
    fileprivate var isSurelyKept: Bool {
        let age = Timestamp.now.milliseconds - claimedAt.milliseconds
        return id.isMadeFromKey && age < Int64(OrderQueue.keyRetentionSeconds - 3600) * 1000
    }
}
