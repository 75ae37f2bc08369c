package import Ledger
package import Logging
package import RedisClient
package import RedisSchema

/// Checks whether a partition of Redis has everything that the ledger has seen, and recovers it if not.
///
/// Any process can do so at any time. A lease in Redis allows one recovery at a time, and every write names the lease's
/// token, so a process that has lost the lease cannot change anything. Redis also has the phase of the recovery, so
/// another process can continue it.
package struct Recovery: Sendable {
    /// The time that a rebuild waits for batches that workers held when Redis lost them. The rebuild counts orders that
    /// are committed in this time. A worker that commits later removes the units from sale.
    static let grace = Duration.seconds(1)

    package let redis: RedisClient
    package let ledger: Ledger
    package let publisher: EventPublisher
    package let fence: Fence
    package let logger: Logger

    /// The connection on which a partition is compared and recovered.
    func connection(_ keys: Keyspace) -> RedisConnection { redis.node(of: keys.slot).connections[0] }

    package init(redis: RedisClient, ledger: Ledger, fence: Fence, publisher: EventPublisher, logger: Logger) {
        self.redis = redis
        self.ledger = ledger
        self.fence = fence
        self.publisher = publisher
        self.logger = logger
    }

    /// The result of a check.
    package enum Check: Hashable, Sendable {
        /// The partition is open and needs no backfill.
        case upToDate
        /// The partition is open, and events have to be backfilled. The token is that of the recovery by this process
        /// that opened it; nil if there was none.
        case needsBackfill(token: String?)
        /// Another process is recovering the partition.
        case closed

        package var isOpen: Bool { self != .closed }
    }

    /// Checks a partition, and recovers it if necessary. Throws if a store does not respond; the fence is then as it
    /// was before, unless the recovery had begun and closed it.
    package func check(_ keys: Keyspace) async throws -> Check {
        let comparison = try await compare(keys)
        guard comparison.plan != .upToDate else {
            fence.open(keys, for: comparison.pass)
            fence.note(RecoveryProgress(comparison.state, isOpen: true), of: keys)
            return comparison.state.backfill.isDue ? .needsBackfill(token: nil) : .upToDate
        }
        fence.close(keys)
        fence.note(RecoveryProgress(comparison.state, isOpen: false), of: keys)
        guard let plan = comparison.plan.seal else { return .closed }
        let sealed = SealedPartition(
            keys, token: Batch.makeToken(), of: redis, on: connection(keys).eventLoop, fence: fence,
            server: comparison.found.server, replication: comparison.found.replication)
        guard let phase = try await sealed.seal(found: comparison.found.epoch, plan: plan) else { return .closed }
        let lease = RecoveryLease(partition: sealed.partition, token: sealed.token, key: keys.recovery)
        try await lease.whileHeld { try await recover(sealed, keys, comparison, from: phase) }
        return phase == .resume ? .needsBackfill(token: nil) : .needsBackfill(token: sealed.token)
    }

    /// Publishes the events that a resumption has left out, because Redis had nothing of them to sell, and backfills and
    /// publishes those that a rebuild has left out. False if another process has the lease.
    ///
    /// - Parameter token: from ``check(_:)``.
    package func backfill(_ keys: Keyspace, token: String?) async throws -> Bool {
        if token == nil { _ = try await publisher.publishUnpublished() }
        return try await Backfiller(publisher, keys, logger: logger).run(token: token)
    }

    private func recover(
        _ sealed: SealedPartition, _ keys: Keyspace, _ comparison: Comparison, from phase: PartitionState.Phase
    ) async throws {
        let (known, found) = (comparison.known, comparison.found)
        fence.note(RecoveryProgress(phase == .resume ? .resuming : .draining), of: keys)
        if phase == .drain {
            if known != nil {
                logger.warning(
                    "Redis has lost data; settling its remaining orders in the ledger",
                    metadata: [
                        "partition": "\(keys.partition)", "epoch": "\(found.epoch ?? "none") of \(known?.epoch ?? 0)",
                        "leases": "\(found.leasesBegun) of \(comparison.seen)",
                    ])
                try await Task.sleep(for: Self.grace)
            }
            try await sealed.drain(into: ledger)
        }
        if phase == .resume {
            // An event that cannot be published yet is published with its backfill.
            try await publisher.publishChanged(in: keys)
        } else {
            try await requireSameData(keys, found)
            try await sealed.wipe()
        }
        let (epoch, seen) = try await begin(keys, comparison)
        if phase != .resume { try await requireSameData(keys, found) }
        try await sealed.open(epoch: epoch, seen: seen, rebuilt: phase != .resume)
        fence.open(keys, for: Fence.Pass(server: found.server, replication: found.replication, epoch: String(epoch)))
        logger.notice(
            "Redis may be used",
            metadata: ["partition": "\(keys.partition)", "epoch": "\(epoch)", "recovery": "\(comparison.plan)"])
    }

    /// Begins the next epoch in the ledger, unless an interrupted resumption has begun it. Returns the epoch, and the highest
    /// lease number that the ledger has seen until then: the drain has settled more batches.
    private func begin(_ keys: Keyspace, _ comparison: Comparison) async throws -> (epoch: Int, seen: Int) {
        let (known, found) = (comparison.known, comparison.found)
        if let known, comparison.plan == .resume, let from = found.resumedFrom, from != String(known.epoch) {
            return (known.epoch, try await leasesSeen(in: keys))
        }
        let epoch = (known?.epoch ?? 0) + 1
        let next = PartitionEpoch(epoch: epoch, server: found.server, replication: found.replication)
        switch try await ledger.begin(
            next, of: keys.partition, unlessSeenAbove: comparison.plan == .resume ? found.leasesBegun : nil)
        {
        case .begun(let seen): return (epoch, seen)
        case .overtaken: throw RedisError(.preconditionFailed, "another recovery was faster", mayHaveRun: false)
        case .ledgerIsAhead:
            throw RedisError(.preconditionFailed, "a batch that Redis lacks was settled meanwhile", mayHaveRun: false)
        }
    }
}
