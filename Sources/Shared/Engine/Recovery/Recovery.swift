import Ledger
import Logging
import RedisClient
import RedisSchema

/// Finds out whether a partition's Redis has all that the ledger has seen, and puts it right where it has not.
///
/// Any process may, at any time. One at a time is at work: a lease in Redis, beside the seal, says which, and its token
/// keeps one that was overtaken from changing anything. What is done is noted there too, so the next goes on from there.
package struct Recovery: Sendable {
    /// How long a rebuild waits for batches that workers had in hand when Redis lost them: what they commit in this time is
    /// still counted. What comes later is taken out of sale by whoever commits it.
    static let grace = Duration.seconds(1)

    package let redis: RedisClient
    package let ledger: Ledger
    package let publisher: EventPublisher
    package let fence: Fence
    package let logger: Logger

    private var connection: RedisConnection { redis.connections[0] }

    package init(redis: RedisClient, ledger: Ledger, fence: Fence, publisher: EventPublisher, logger: Logger) {
        self.redis = redis
        self.ledger = ledger
        self.fence = fence
        self.publisher = publisher
        self.logger = logger
    }

    /// What a look at a partition came to.
    package enum Look: Hashable, Sendable {
        /// It may be used, and is as the ledger has it.
        case stands
        /// It may be used, and events have to be filled in; the token is that of the recovery that has opened it, if it was
        /// this process's.
        case needsBackfill(token: String?)
        /// Another process is at its recovery.
        case closed

        package var isOpen: Bool { self != .closed }
    }

    /// Looks at a partition, and recovers it if need be. Throws if a store does not answer: then nothing is known, and the
    /// fence stands as it stood.
    package func look(at keys: Keyspace) async throws -> Look {
        let comparison = try await compare(keys)
        guard comparison.plan != .stands else {
            fence.open(keys, for: comparison.pass)
            fence.note(RecoveryProgress(comparison.state, isOpen: true), of: keys)
            return comparison.state.backfill.isDue ? .needsBackfill(token: nil) : .stands
        }
        fence.close(keys)
        fence.note(RecoveryProgress(comparison.state, isOpen: false), of: keys)
        guard let plan = comparison.plan.seal else { return .closed }
        let sealed = SealedPartition(
            keys, token: Batch.makeToken(), on: connection, server: comparison.found.server)
        guard let phase = try await sealed.seal(found: comparison.found.epoch, plan: plan) else { return .closed }
        let lease = RecoveryLease(partition: sealed.partition, token: sealed.token, key: keys.recovery)
        try await lease.whileHeld { try await recover(sealed, keys, comparison, from: phase) }
        return phase == .resume ? .needsBackfill(token: nil) : .needsBackfill(token: sealed.token)
    }

    /// Fills in what a partition's rebuild has left out, and publishes it; false if another process is at it.
    ///
    /// - Parameter token: as ``look(at:)`` gave it.
    package func backfill(_ keys: Keyspace, token: String?) async throws -> Bool {
        try await Backfiller(publisher, keys, logger: logger).run(token: token)
    }

    private func leasesSeen(in keys: Keyspace) async throws -> Int {
        try await ledger.leasesSeen(inPartition: keys.partition) { publisher.partitioning.home(of: $0) == keys }
    }

    /// What the ledger knows and Redis says, and what follows.
    package struct Comparison: Sendable {
        var known: PartitionEpoch?
        var seen: Int
        var found: RecoveryPlan.Found
        var state: PartitionState
        var plan: RecoveryPlan

        var pass: Fence.Pass { Fence.Pass(server: found.server, epoch: found.epoch ?? "") }
    }

    package func compare(_ keys: Keyspace) async throws -> Comparison {
        guard let server = await connection.server() else {
            // Tells why there is no connection.
            _ = try await connection.send(RedisCommand("PING"))
            throw RedisError(.notConnected, "the connection is only being opened", mayHaveRun: false)
        }
        var known = try await ledger.partition(keys.partition)
        var comparison = try await compare(keys, known, on: server)
        // Another recovery may have come to its end between the two questions: Redis would then seem to be ahead of the
        // ledger. A recovery begins its epoch in the ledger first, so what is the same before and after was true.
        while comparison.plan != .stands {
            let present = try await ledger.partition(keys.partition)
            if present == known { break }
            known = present
            comparison = try await compare(keys, known, on: server)
        }
        return comparison
    }

    private func compare(
        _ keys: Keyspace, _ known: PartitionEpoch?, on server: String
    ) async throws -> Comparison {
        // Before Redis is asked: the number there only grows.
        let seen = try await leasesSeen(in: keys)
        let role = try await connection.send(RedisCommand("ROLE"), to: server).array?.first?.string
        guard role == "master" else {
            throw RedisError(.preconditionFailed, "the server is a \(role ?? "?"), not a master", mayHaveRun: false)
        }
        let state = try await Partition(keys, on: connection, fence: fence, server: server).run(InspectScript())
        let found = RecoveryPlan.Found(
            server: server, epoch: state.epoch, leased: state.leased,
            resumedFrom: state.seal.flatMap { $0.phase == .resume ? $0.from : nil })
        return Comparison(
            known: known, seen: seen, found: found, state: state,
            plan: RecoveryPlan(known: known, seen: seen, found: found))
    }

    private func recover(
        _ sealed: SealedPartition, _ keys: Keyspace, _ comparison: Comparison, from phase: PartitionState.Phase
    ) async throws {
        let (known, found) = (comparison.known, comparison.found)
        fence.note(RecoveryProgress(phase == .resume ? .resuming : .draining), of: keys)
        if phase == .drain {
            if known != nil {
                logger.warning(
                    "Redis has lost something; bringing what it still has to the ledger",
                    metadata: [
                        "partition": "\(keys.partition)", "epoch": "\(found.epoch ?? "none") of \(known?.epoch ?? 0)",
                        "leases": "\(found.leased) of \(comparison.seen)",
                    ])
                try await Task.sleep(for: Self.grace)
            }
            try await sealed.drain(into: ledger)
        }
        if phase == .resume {
            // What cannot be published yet is published when its event is filled in.
            _ = try await publisher.publishUnpublished(in: keys)
        } else {
            try await sealed.wipe()
        }
        // What was drained has been seen, too.
        let seen = try await leasesSeen(in: keys)
        let epoch = try await begin(keys, comparison)
        try await sealed.open(epoch: epoch, seen: seen, rebuilt: phase != .resume)
        fence.open(keys, for: Fence.Pass(server: found.server, epoch: String(epoch)))
        logger.notice(
            "Redis may be used",
            metadata: ["partition": "\(keys.partition)", "epoch": "\(epoch)", "recovery": "\(comparison.plan)"])
    }

    /// Begins the next epoch in the ledger, unless an interrupted resumption has done so.
    private func begin(_ keys: Keyspace, _ comparison: Comparison) async throws -> Int {
        let (known, found) = (comparison.known, comparison.found)
        if let known, comparison.plan == .resume, let from = found.resumedFrom, from != String(known.epoch) {
            return known.epoch
        }
        let epoch = (known?.epoch ?? 0) + 1
        guard try await ledger.begin(epoch: epoch, of: keys.partition, on: found.server) else {
            throw RedisError(.preconditionFailed, "another recovery was faster", mayHaveRun: false)
        }
        return epoch
    }
}
