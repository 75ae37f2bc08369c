import Domain
import NIOCore
import RedisClient
import RedisSchema

/// Where stock is claimed, orders change and events' counters are read: the Redis side of a sale.
package struct Inventory: Sendable {
    /// What a partition's claims and transitions go through.
    private struct Lanes {
        let claims: GroupCaller<ClaimScript>
        let transitions: GroupCaller<TransitionScript>
    }

    package let client: RedisClient
    package let partitioning: Partitioning
    package let fence: Fence
    /// All claims of a process go through one connection, whatever event loop they come from: the groups are the larger
    /// for it, and each group costs Redis a sync of its disk. (Measured: see docs/decisions/0013.)
    private let eventLoop: any EventLoop
    private let lanes: NIOLoopBound<[Lanes]>

    /// - Parameters:
    ///   - queueLimit: length of the queue at which claims are refused.
    ///   - waitingLimit: claims that may wait for the next group; as many transitions may.
    package init(
        client: RedisClient, partitioning: Partitioning, fence: Fence, queueLimit: Int, waitingLimit: Int = 20_000
    ) async throws {
        self.client = client
        self.partitioning = partitioning
        self.fence = fence
        let connection = client.connections[0]
        let eventLoop = connection.eventLoop
        self.eventLoop = eventLoop
        lanes = try await eventLoop.submit {
            let lanes = partitioning.all.map { keys in
                let partition = Partition(keys, on: connection, fence: fence)
                return Lanes(
                    claims: GroupCaller(
                        partition, queueLimit: queueLimit, waitingLimit: waitingLimit,
                        metric: "ticketblitz_claim_group_size"),
                    transitions: GroupCaller(
                        partition, queueLimit: queueLimit, waitingLimit: waitingLimit,
                        metric: "ticketblitz_transition_group_size"))
            }
            return NIOLoopBound(lanes, eventLoop: eventLoop)
        }.get()
    }

    /// Claims stock for one order: accepted means that the stock is taken, the order recorded and queued, and that Redis
    /// has written all of it as its persistence settings promise. A purchase whose idempotency key has led to an order
    /// within a day, at least, is answered with that order, whatever has become of the event since.
    ///
    /// An error that `mayHaveRun` leaves open whether it was.
    package func claim(_ purchase: Purchase) async throws(RedisError) -> ClaimOutcome {
        try await add(purchase, to: \.claims, in: partitioning.home(of: purchase.event).partition)
    }

    /// Confirms or cancels an order: compare-and-set on its state and its deadline, by Redis's clock. Of transitions that
    /// race exactly one is done; stock and the customer's count come back with it.
    ///
    /// - Parameter order: the order as it was last seen, in Redis or in the ledger. Where Redis has no record of it, what
    ///   the ledger says is gone by.
    package func change(_ order: Order, by transition: OrderTransition) async throws(RedisError) -> TransitionOutcome {
        var request = TransitionRequest(
            order: order.id, event: order.event, transition: transition, fallback: order.isPersisted ? order : nil)
        let partition = partitioning.home(of: order.event).partition
        for _ in 0..<2 {
            if case .outcome(let outcome) = try await add(request, to: \.transitions, in: partition) { return outcome }
            request.isDisplaced = true
        }
        return .orderUnknown
    }

    private func add<Script>(
        _ member: Script.Member, to lane: KeyPath<Lanes, GroupCaller<Script>> & Sendable, in partition: Int
    ) async throws(RedisError) -> Script.Outcome where Script.Member: Sendable, Script.Outcome: Sendable {
        try await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Script.Outcome, RedisError>, _>) in
            if eventLoop.inEventLoop {
                lanes.value[partition][keyPath: lane].add(member) { continuation.resume(returning: $0) }
            } else {
                eventLoop.execute {
                    lanes.value[partition][keyPath: lane].add(member) { continuation.resume(returning: $0) }
                }
            }
        }.get()
    }

    /// A new order id for an event, leading to the event's partition; made from the idempotency key where there is one.
    package func makeOrderID(
        for event: EventID, at time: Timestamp, customer: String? = nil, idempotencyKey: String? = nil
    ) -> OrderID {
        let scope = idempotencyKey.map { IdempotencyScope(event: event, customer: customer, key: $0) }
        return OrderID(at: time, partition: partitioning.home(of: event).partition, keyHash: scope?.hash)
    }

    /// An event's partition, on the connection of the event loop that runs the caller.
    func partition(of event: EventID) -> Partition { partition(partitioning.home(of: event)) }

    func partition(_ keys: Keyspace) -> Partition { Partition(keys, on: client.connection, fence: fence) }

    /// How far each partition's recovery is, as this process last looked.
    package var recovery: [RecoveryProgress] {
        partitioning.all.map { partition($0).recovery }
    }

    /// Whether every partition may be used at the moment.
    package var isOpen: Bool { partitioning.all.allSatisfy(fence.isOpen) }

    /// Whether Redis answers.
    package func ping() async throws(RedisError) {
        _ = try await client.connection.send(RedisCommand("PING"))
    }
}
