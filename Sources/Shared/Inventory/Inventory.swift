import NIOCore

/// Where stock is claimed and events' counters are read: the Redis side of a sale.
public struct Inventory: Sendable {
    let client: RedisClient
    let partitioning: Partitioning
    /// All claims of a process go through one connection, whatever event loop they come from: the groups are the larger
    /// for it, and each group costs Redis a sync of its disk. (Measured: see docs/architecture.md.)
    private let claimLoop: any EventLoop
    private let claimers: NIOLoopBound<[GroupClaimer]>

    /// - Parameters:
    ///   - queueLimit: length of the queue at which claims are refused.
    ///   - waitingLimit: claims that may wait for the next group.
    public init(
        client: RedisClient, partitioning: Partitioning, queueLimit: Int, waitingLimit: Int = 20_000
    ) async throws {
        self.client = client
        self.partitioning = partitioning
        let connection = client.connections[0]
        let eventLoop = connection.eventLoop
        claimLoop = eventLoop
        claimers = try await eventLoop.submit {
            let claimers = partitioning.all.map { keys in
                GroupClaimer(connection: connection, keys: keys, queueLimit: queueLimit, waitingLimit: waitingLimit)
            }
            return NIOLoopBound(claimers, eventLoop: eventLoop)
        }.get()
    }

    /// Claims stock for one order: accepted means that the stock is taken, the order recorded and queued, and that Redis
    /// has written all of it as its persistence settings promise.
    ///
    /// An error that `mayHaveRun` leaves open whether it was.
    public func claim(_ purchase: Purchase) async throws(RedisError) -> ClaimOutcome {
        let partition = partitioning.home(of: purchase.event).partition
        return try await withCheckedContinuation { continuation in
            if claimLoop.inEventLoop {
                claimers.value[partition].claim(purchase) { continuation.resume(returning: $0) }
            } else {
                claimLoop.execute {
                    claimers.value[partition].claim(purchase) { continuation.resume(returning: $0) }
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
