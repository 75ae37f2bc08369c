/// Orders' records.
extension Inventory {
    /// The order's record, or nil where Redis has none: it never had, let it go, or the order's event was reset since.
    public func order(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id) else { return nil }
        guard let text = try await client.connection.send(RedisCommand("GET", keys.order(id))).string else {
            return nil
        }
        guard let order = OrderRecord.decode(text, id: id) else { return nil }
        let generation = try await client.connection.send(RedisCommand("HGET", keys.event(order.event), "generation"))
        guard let present = generation.string, present != String(order.generation) else { return order }
        return nil
    }
}
