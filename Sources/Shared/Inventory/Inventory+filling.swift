/// Filling an event's orders in from the ledger, and dropping them at a reset.
extension Inventory {
    /// Orders that one call of a script takes here.
    static let pageSize = 500

    /// Puts a page of an event's orders back: what their customers have, their holds, the records of those that are held
    /// or have an idempotency key, or that the ledger does not have as they stand. To be called with the event's row
    /// locked, while the event is missing in Redis. False where another filling has begun since.
    func fill(_ orders: [Order], of event: EventID, token: String, isFirst: Bool) async throws(RedisError) -> Bool {
        let call = Self.call(
            filling: orders, of: event, token: token, isFirst: isFirst, in: partitioning.home(of: event))
        return try await client.connection.evaluate(call).integer == 1
    }

    static func call(
        filling orders: [Order], of event: EventID, token: String, isFirst: Bool, in keys: Keyspace
    ) -> RedisScriptCall {
        var call = RedisScriptCall(
            Scripts.fill, keys: [keys.filling(event), keys.customers(event), keys.holds(event), keys.holding],
            arguments: [token, isFirst ? "1" : "0", event.description])
        call.append(orders.count)
        for order in orders {
            let isHeld = order.state == .held
            call.append(key: keys.order(order.id))
            call.append(order.id.description)
            call.append(order.customer ?? "")
            call.append(order.state.holdsUnits ? order.quantity : 0)
            call.append(isHeld || order.id.isMadeFromKey || !order.isPersisted ? OrderRecord.encode(order) : "")
            call.append(isHeld ? order.expiresAt.map { String($0.milliseconds) } ?? "" : "")
        }
        return call
    }

    /// Drops a page of the holds of an event that is closed for its reset; false when there are no more.
    func dropHolds(of event: EventID) async throws(RedisError) -> Bool {
        let keys = partitioning.home(of: event)
        let members = try await client.connection.send(RedisCommand("ZRANGE", keys.holds(event), "0", "15")).array ?? []
        guard !members.isEmpty else { return false }
        let names = members.compactMap(\.string)
        var call = RedisScriptCall(Scripts.drop, keys: [keys.event(event), keys.holds(event)], arguments: names)
        for id in names.flatMap({ $0.split(separator: ",") }).compactMap({ OrderID($0) }) {
            call.append(key: keys.order(id))
        }
        return try await client.connection.evaluate(call).integer == 1
    }
}
