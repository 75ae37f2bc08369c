package import Domain
package import NIOCore
package import RedisClient
import RedisSchema

/// The records of orders.
extension Inventory {
    /// The order's record. Nil if Redis has none: the order does not exist, its record was deleted after the retention
    /// time, or its event has been reset.
    ///
    /// Two round trips, whatever the state of the order.
    package func order(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id) else { return nil }
        let connection = client.connection(of: keys.slot)
        return try await withCheckedContinuation { (continuation: CheckedContinuation<Result<Order?, RedisError>, _>) in
            connection.eventLoop.execute {
                readOrder(id, in: keys, on: connection) { continuation.resume(returning: $0) }
            }
        }.get()
    }

    /// As ``order(_:)``, on an event loop of the client, which must be the caller's. The completion is called there exactly
    /// once.
    package func readOrder(
        _ id: OrderID, on eventLoop: any EventLoop, completion: @escaping (Result<Order?, RedisError>) -> Void
    ) {
        guard let keys = partitioning.home(of: id) else { return completion(.success(nil)) }
        guard let connection = client.node(of: keys.slot).connection(on: eventLoop) else {
            return completion(
                .failure(RedisError(.notConnected, "the event loop has no connection", mayHaveRun: false)))
        }
        readOrder(id, in: keys, on: connection, completion: completion)
    }

    private func readOrder(
        _ id: OrderID, in keys: Keyspace, on connection: RedisConnection,
        completion: @escaping (Result<Order?, RedisError>) -> Void
    ) {
        connection.sendOnLoop([RedisCommand("GET", keys.order(id))]) { result in
            switch result {
            case .failure(let error): completion(.failure(error))
            case .success(let replies):
                guard let order = Self.record(of: id, replies.first) else { return completion(.success(nil)) }
                complete(order, in: keys, on: connection, completion: completion)
            }
        }
    }

    /// Reads what an order's record does not say: the generation of its event, and whether a range confirms it.
    private func complete(
        _ order: Order, in keys: Keyspace, on connection: RedisConnection,
        completion: @escaping (Result<Order?, RedisError>) -> Void
    ) {
        let readGeneration = RedisCommand("HGET", keys.event(order.event), "generation")
        guard let query = ConfirmedRange.query(for: order, in: keys) else {
            return connection.sendOnLoop([readGeneration]) { result in
                completion(result.map { replies in replies.first.flatMap { order.ifOfGeneration($0) } })
            }
        }
        // The record is read again after the range: if it was deleted in between, its range may have been deleted too.
        let commands = [RedisCommand(query), RedisCommand("GET", keys.order(order.id)), readGeneration]
        connection.sendOnLoop(commands) { result in
            completion(
                result.map { replies in
                    guard replies.count == 3, let present = Self.record(of: order.id, replies[1]) else { return nil }
                    return present.confirmed(by: replies[0]).ifOfGeneration(replies[2])
                })
        }
    }

    private static func record(of id: OrderID, _ reply: RESPValue?) -> Order? {
        guard let order = reply?.string.flatMap(OrderCodec.decode), order.id == id else { return nil }
        return order
    }

    /// The record of an order that changed while another order's record was at its key; nil if there is none. The
    /// record does not say whether the ledger has the order: the ledger's row does.
    package func displacedOrder(_ id: OrderID) async throws(RedisError) -> Order? {
        guard let keys = partitioning.home(of: id) else { return nil }
        let reply = try await client.connection(of: keys.slot).send(RedisCommand("GET", keys.displacedOrder(id)))
        return reply.string.flatMap(OrderCodec.decode)
    }
}

extension Order {
    /// Nil if the event's generation is another one: a reset has deleted the order.
    fileprivate func ifOfGeneration(_ generation: RESPValue) -> Order? {
        guard let present = generation.string, present != String(self.generation) else { return self }
        return nil
    }
}
