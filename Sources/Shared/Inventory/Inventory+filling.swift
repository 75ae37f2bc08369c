/// Filling an event's orders in from the ledger, and dropping them at a reset.
extension Inventory {
    /// Orders that one call of a script takes here.
    static let pageSize = 500

    /// Puts a page of an event's orders back: what their customers have, their holds, their idempotency keys. To be called
    /// with the event's row locked, while the event is missing in Redis. False where another filling has begun since.
    func fill(_ orders: [Order], of event: EventID, token: String, isFirst: Bool) async throws(RedisError) -> Bool {
        let keys = partitioning.home(of: event)
        var call = RedisScriptCall(
            Scripts.fill,
            keys: [keys.filling(event), keys.customers(event), keys.holds(event), keys.holding] + keys.idempotencyKeys)
        call.append(token)
        call.append(isFirst ? 1 : 0)
        call.append(event.description)
        call.append(orders.count)
        for order in orders {
            let ends = order.expiresAt.map { String($0.milliseconds) } ?? ""
            let isHeld = order.state == .held
            call.append(key: keys.order(order.id))
            call.append(order.customer ?? "")
            call.append(order.state.holdsUnits ? order.quantity : 0)
            call.append(isHeld ? OrderRecord.encode(order) : "")
            call.append(isHeld ? ends : "")
            // The forms are claim.lua's.
            call.append(order.idempotencyKey.map { "\(event)\t\(order.customer ?? "")\t\($0)" } ?? "")
            call.append("\(order.generation)|\(order.quantity)|\(order.claimedAt.milliseconds)|\(ends)|\(order.id)")
            call.append(order.claimedAt.milliseconds / 86_400_000)
        }
        return try await client.connection.evaluate(call).integer == 1
    }

    /// Drops a page of the holds of an event that is closed for its reset; false when there are no more.
    func dropHolds(of event: EventID) async throws(RedisError) -> Bool {
        let keys = partitioning.home(of: event)
        let ids = try await client.connection.send(
            RedisCommand("ZRANGE", keys.holds(event), "0", String(Self.pageSize - 1))
        ).array?.compactMap(\.string) ?? []
        guard !ids.isEmpty else { return false }
        var call = RedisScriptCall(Scripts.drop, keys: [keys.event(event), keys.holds(event)])
        for id in ids { call.append(key: keys.order(id)) }
        return try await client.connection.evaluate(call).integer == 1
    }
}
