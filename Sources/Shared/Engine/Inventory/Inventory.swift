package import Domain
package import NIOCore
package import RedisClient
package import RedisSchema

/// The Redis side of a sale: claims of stock, transitions of orders, reports of events.
package struct Inventory: Sendable {
    /// The group callers of one partition.
    struct Lanes {
        let claims: GroupCaller<ClaimScript>
        let transitions: GroupCaller<TransitionScript>
        let places: GroupCaller<WaitScript>
        let joins: GroupCaller<JoinScript>
    }

    package let client: RedisClient
    package let partitioning: Partitioning
    package let fence: Fence
    private let keyedIDs: KeyedIDs
    /// All claims of a process use one connection, regardless of the event loop that they come from: this makes the
    /// groups larger, and each group costs Redis one disk sync. For measurements see docs/decisions/0013.
    let eventLoop: any EventLoop
    private let lanes: NIOLoopBound<[Lanes]>
    /// Tests set other sizes.
    var surveySizes = SurveySizes()

    /// - Parameters:
    ///   - keyedIDs: makes the ids of purchases with idempotency keys.
    ///   - queueLimit: length of the queue at which claims are refused.
    ///   - waitingLimit: maximum number of claims that wait for the next group; the same for transitions and for places.
    package init(
        client: RedisClient, partitioning: Partitioning, fence: Fence, keyedIDs: KeyedIDs, queueLimit: Int,
        waitingLimit: Int = 20_000
    ) async throws {
        self.client = client
        self.partitioning = partitioning
        self.fence = fence
        self.keyedIDs = keyedIDs
        let eventLoop = client.nodes[0].connections[0].eventLoop
        self.eventLoop = eventLoop
        lanes = try await eventLoop.submit {
            let lanes = partitioning.all.map { keys in
                let partition = Partition(keys, of: client, fence: fence, isForGroups: true)
                return Lanes(
                    claims: GroupCaller(
                        partition, queueLimit: queueLimit, waitingLimit: waitingLimit,
                        metric: "ticketblitz_claim_group_size"),
                    transitions: GroupCaller(
                        partition, queueLimit: queueLimit, waitingLimit: waitingLimit,
                        metric: "ticketblitz_transition_group_size"),
                    places: GroupCaller(
                        partition, queueLimit: queueLimit, waitingLimit: waitingLimit,
                        metric: "ticketblitz_waitlist_group_size"),
                    joins: GroupCaller(
                        partition, queueLimit: queueLimit, waitingLimit: waitingLimit,
                        metric: "ticketblitz_join_group_size"))
            }
            return NIOLoopBound(lanes, eventLoop: eventLoop)
        }.get()
    }

    /// Claims stock for one order. `accepted` means that the stock is taken, the order is recorded and queued, and
    /// Redis has persisted these writes as its settings require. If the idempotency key has created an order within the
    /// last 24 hours at least, the outcome is that order, even if the event has closed or sold out since.
    ///
    /// After an error with `mayHaveRun`, the order may exist.
    package func claim(_ purchase: Purchase) async throws(RedisError) -> ClaimOutcome {
        guard let purchase = try await withKnownID(purchase) else { return .refused(.recovering) }
        return try await add(purchase, to: \.claims, in: partitioning.home(of: purchase.event).partition)
    }

    /// A relay for the claims of one event loop, on which it must be called.
    package func makeClaimRelay(on eventLoop: any EventLoop) -> ClaimRelay { ClaimRelay(self, on: eventLoop) }

    /// A relay for the places in waiting rooms of one event loop, on which it must be called.
    package func makeJoinRelay(on eventLoop: any EventLoop) -> GroupRelay<JoinScript> {
        GroupRelay(self, to: \.joins, on: eventLoop)
    }

    /// The group caller of a partition. Must be called on its event loop.
    func caller<Script>(
        _ lane: any KeyPath<Lanes, GroupCaller<Script>> & Sendable, in partition: Int
    ) -> GroupCaller<Script> { lanes.value[partition][keyPath: lane] }

    /// Confirms or cancels an order: a compare-and-set on its state and its deadline, measured with the Redis server's
    /// clock. Exactly one of several concurrent transitions is applied; it also releases the stock and the customer's
    /// units.
    ///
    /// - Parameter order: the order as it was read from Redis or from the ledger. If Redis has no record of it, the
    ///   ledger's version is used.
    package func change(_ order: Order, by transition: OrderTransition) async throws(RedisError) -> TransitionOutcome {
        var request = TransitionRequest(
            order: order.id, event: order.event, transition: transition, fallback: order.isPersisted ? order : nil)
        // An order is where its id says. Its event's partition is the same.
        guard let partition = partitioning.home(of: order.id)?.partition else { return .orderUnknown }
        for _ in 0..<2 {
            if case .outcome(let outcome) = try await add(request, to: \.transitions, in: partition) { return outcome }
            request.isDisplaced = true
        }
        return .orderUnknown
    }

    func add<Script>(
        _ member: Script.Member, to lane: any KeyPath<Lanes, GroupCaller<Script>> & Sendable, in partition: Int
    ) async throws(RedisError) -> Script.Outcome where Script.Member: Sendable, Script.Outcome: Sendable {
        try await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Script.Outcome, RedisError>, _>) in
            if eventLoop.inEventLoop {
                caller(lane, in: partition).add(member) { continuation.resume(returning: $0) }
            } else {
                eventLoop.execute {
                    caller(lane, in: partition).add(member) { continuation.resume(returning: $0) }
                }
            }
        }.get()
    }

    /// A purchase with a new id, which names the event's partition and, if there is an idempotency key, is derived from the
    /// key. Nil if there is a key and this program has not read the ledger yet.
    ///
    /// - Parameter generator: must be unpredictable.
    package func makePurchase(
        of event: EventID, quantity: Int, customer: String? = nil, idempotencyKey: String? = nil, at time: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> Purchase? {
        let partition = partitioning.home(of: event).partition
        func id(_ hash: UInt64?) -> OrderID {
            OrderID(at: time, partition: partition, keyHash: hash, using: &generator)
        }
        guard let idempotencyKey else {
            return Purchase(id: id(nil), event: event, quantity: quantity, customer: customer)
        }
        let scope = IdempotencyScope(event: event, customer: customer, key: idempotencyKey)
        guard let hashes = keyedIDs.hashes(of: scope, at: time) else { return nil }
        return Purchase(
            id: id(hashes.own), event: event, quantity: quantity, customer: customer,
            otherID: hashes.other.map { id($0) })
    }

    /// A new order id for a purchase without an idempotency key, with a random number of the operating system.
    package func makeOrderID(for event: EventID, at time: Timestamp) -> OrderID {
        OrderID(at: time, partition: partitioning.home(of: event).partition)
    }

    /// The event's partition, on the connection of the event loop that the caller runs on.
    func partition(of event: EventID) -> Partition { partition(partitioning.home(of: event)) }

    func partition(_ keys: Keyspace) -> Partition { Partition(keys, of: client, fence: fence) }

    /// The progress of each partition's recovery when this process last checked.
    package var recovery: [RecoveryProgress] {
        partitioning.all.map { partition($0).recovery }
    }

    /// Whether all partitions are open.
    package var isOpen: Bool { partitioning.all.allSatisfy(fence.isOpen) }

    /// Throws if a server of Redis does not respond.
    package func ping() async throws(RedisError) {
        for node in client.nodes { _ = try await node.connection.send(RedisCommand("PING")) }
    }
}
