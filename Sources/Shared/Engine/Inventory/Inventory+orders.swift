import Domain
import RedisClient
import RedisSchema

/// Orders' records.
extension Inventory {
    /// The order's record, or nil where Redis has none: it never had, let it go, or the order's event was reset since.
    package func order(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id), let order = try await record(keys.order(id)), order.id == id else {
            return nil
        }
        let generation = try await client.connection.send(RedisCommand("HGET", keys.event(order.event), "generation"))
        guard let present = generation.string, present != String(order.generation) else { return order }
        return nil
    }

    /// The record of an order that changed while another was at its place, where there is one. It does not say whether the
    /// ledger has it: the ledger's row does.
    package func displacedOrder(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id) else { return nil }
        return try await record(keys.displacedOrder(id))
    }

    private func record(_ key: String) async throws(RedisError) -> Order? {
        try await client.connection.send(RedisCommand("GET", key)).string.flatMap(OrderCodec.decode)
    }
}
