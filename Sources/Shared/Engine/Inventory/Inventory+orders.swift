package import Domain
package import RedisClient
import RedisSchema

/// The records of orders.
extension Inventory {
    /// The order's record. Nil if Redis has none: the order does not exist, its record was deleted after the retention
    /// time, or its event has been reset.
    package func order(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id), let order = try await record(keys.order(id)), order.id == id else {
            return nil
        }
        let generation = try await client.connection.send(RedisCommand("HGET", keys.event(order.event), "generation"))
        guard let present = generation.string, present != String(order.generation) else { return order }
        return nil
    }

    /// The record of an order that changed while another order's record was at its key; nil if there is none. The
    /// record does not say whether the ledger has the order: the ledger's row does.
    package func displacedOrder(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id) else { return nil }
        return try await record(keys.displacedOrder(id))
    }

    private func record(_ key: String) async throws(RedisError) -> Order? {
        try await client.connection.send(RedisCommand("GET", key)).string.flatMap(OrderCodec.decode)
    }
}
