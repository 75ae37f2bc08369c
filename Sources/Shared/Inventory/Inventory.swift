import NIOCore

/// Where stock is claimed and events' counters are read: the Redis side of a sale.
public struct Inventory: Sendable {
    /// One event loop's connection with its claimers, one for each partition.
    private struct Lane: Sendable {
        let connection: RedisConnection
        let claimers: NIOLoopBound<[GroupClaimer]>
    }

    let client: RedisClient
    let partitioning: Partitioning
    private let lanes: [Lane]

    /// - Parameters:
    ///   - queueLimit: length of the queue at which claims are refused.
    ///   - waitingLimit: claims that may wait on one event loop for the next group.
    public init(
        client: RedisClient, partitioning: Partitioning, queueLimit: Int, waitingLimit: Int = 20_000
    ) async throws {
        self.client = client
        self.partitioning = partitioning
        var lanes: [Lane] = []
        for connection in client.connections {
            let eventLoop = connection.eventLoop
            let claimers = try await eventLoop.submit {
                let claimers = partitioning.all.map { keys in
                    GroupClaimer(
                        connection: connection, keys: keys, queueLimit: queueLimit, waitingLimit: waitingLimit)
                }
                return NIOLoopBound(claimers, eventLoop: eventLoop)
            }.get()
            lanes.append(Lane(connection: connection, claimers: claimers))
        }
        self.lanes = lanes
    }

    /// Claims stock for one order: accepted means that the stock is taken, the order recorded and queued, and that Redis
    /// has written all of it as its persistence settings promise.
    ///
    /// An error that `mayHaveRun` leaves open whether it was.
    public func claim(_ purchase: Purchase) async throws(RedisError) -> ClaimOutcome {
        let partition = partitioning.home(of: purchase.event).partition
        let connection = client.connection
        guard let lane = lanes.first(where: { $0.connection === connection }) else {
            throw RedisError(.closed, "no connection", mayHaveRun: false)
        }
        return try await withCheckedContinuation { continuation in
            if connection.eventLoop.inEventLoop {
                lane.claimers.value[partition].claim(purchase) { continuation.resume(returning: $0) }
            } else {
                connection.eventLoop.execute {
                    lane.claimers.value[partition].claim(purchase) { continuation.resume(returning: $0) }
                }
            }
        }.get()
    }

    /// A new order id for an event, leading to the event's partition.
    public func makeOrderID(for event: EventID, at time: Timestamp) -> OrderID {
        OrderID(at: time, partition: partitioning.home(of: event).partition)
    }

    /// Whether Redis answers.
    public func ping() async throws(RedisError) {
        _ = try await client.connection.send(RedisCommand("PING"))
    }
}
