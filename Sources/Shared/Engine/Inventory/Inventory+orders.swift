package import Domain
package import RedisClient
import RedisSchema

/// The records of orders.
extension Inventory {
    /// The order's record. Nil if Redis has none: the order does not exist, its record was deleted after the retention
    /// time, or its event has been reset.
    ///
    /// Two round trips, whatever the state of the order.
    package func order(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id), let order = try await record(keys.order(id)), order.id == id else {
            return nil
        }
        let connection = client.connection
        let readGeneration = RedisCommand("HGET", keys.event(order.event), "generation")
        guard let query = ConfirmedRange.query(for: order, in: keys) else {
            return order.ifOfGeneration(try await connection.send(readGeneration))
        }
        // The record is read again after the range: if it was deleted in between, its range may have been deleted too.
        let replies = try await connection.send([
            RedisCommand(query), RedisCommand("GET", keys.order(id)), readGeneration,
        ])
        guard replies.count == 3, let present = replies[1].string.flatMap(OrderCodec.decode), present.id == id else {
            return nil
        }
        return present.confirmed(by: replies[0]).ifOfGeneration(replies[2])
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

extension Order {
    /// Nil if the event's generation is another one: a reset has deleted the order.
    fileprivate func ifOfGeneration(_ generation: RESPValue) -> Order? {
        guard let present = generation.string, present != String(self.generation) else { return self }
        return nil
    }
}
