package import Engine
import Ledger
package import Logging
import NIOConcurrencyHelpers
import PostgresClient
import RedisClient
package import RedisSchema
import ServiceLifecycle
import Timing

/// Prepares the stores at the start. Then checks once per second, and at once if a check is requested, whether Redis
/// has the data of the ledger, and recovers partitions that do not. Each program runs a supervisor, so that a recovery
/// needs no operator and no particular process.
package struct StoreSupervisor: Service {
    private static let interval = Duration.seconds(1)
    private static let shortestInterval = Duration.milliseconds(20)
    /// While another process recovers a partition, or a store is unavailable: each check opens a connection to
    /// Postgres.
    private static let intervalWhileClosed = Duration.milliseconds(100)
    /// The time after which a partition counts as closed for long. Another process resumes it in some ten milliseconds.
    private static let shortlyClosed = Duration.milliseconds(500)

    private let recovery: Recovery
    private let partitions: [Keyspace]
    private let keyedIDs: KeyedIDs
    private let settings: SettingsCheck
    private let logger: Logger
    /// Partitions that this process is backfilling.
    private let backfilling = NIOLockedValueBox<Set<Int>>([])

    package init(_ recovery: Recovery, partitioning: Partitioning, keyedIDs: KeyedIDs, logger: Logger) {
        self.recovery = recovery
        partitions = partitioning.all
        self.keyedIDs = keyedIDs
        settings = SettingsCheck(
            redis: recovery.redis, pool: recovery.ledger.pool, durability: recovery.fence.durability, logger: logger)
        self.logger = logger
    }

    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await prepareLedger()
                try await settings.checkAll()
                try await withThrowingDiscardingTaskGroup { group in
                    group.addTask { try await ServerWatch(recovery, partitions: partitions).run() }
                    var reasons: [Int: String] = [:]
                    var lastOpen = ContinuousClock.now
                    while true {
                        recovery.fence.clearRequests()
                        for keys in partitions {
                            let result = await check(keys, lastReason: &reasons[keys.partition])
                            guard case .needsBackfill(let token) = result, beginBackfill(keys) else { continue }
                            group.addTask { await backfill(keys, token: token) }
                        }
                        if partitions.allSatisfy(recovery.fence.isOpen) { lastOpen = .now }
                        try await sleep(lastOpen: lastOpen)
                    }
                }
            }
        } catch is CancellationError {
            return
        }
    }

    /// Brings the schema up to date, agrees with the other programs on the number of partitions, and gets the secret of the
    /// installation.
    ///
    /// - Throws: ``UnsafeSettings`` if the programs have different numbers: they would look for an event in different
    ///   partitions.
    private func prepareLedger() async throws {
        let isFinal = { @Sendable (error: any Error) in error is MigrationError || error is UnsafeSettings }
        try await retrying("preparing the ledger", logger: logger, unless: isFinal) {
            try await recovery.ledger.prepare()
            let noted = try await recovery.ledger.partitionCount(otherwise: partitions.count)
            if let difference = UnsafeSettings(partitions: partitions.count, noted: noted) { throw difference }
            keyedIDs.set(try await recovery.ledger.secret())
        }
    }

    /// Marks the partition as being backfilled by this process.
    ///
    /// - Returns: false if it already is.
    private func beginBackfill(_ keys: Keyspace) -> Bool {
        backfilling.withLockedValue { $0.insert(keys.partition).inserted }
    }

    /// Runs concurrently with the checks. After a failure the next check resumes the backfill.
    private func backfill(_ keys: Keyspace, token: String?) async {
        do {
            _ = try await recovery.backfill(keys, token: token)
        } catch {
            if !(error is CancellationError) {
                logger.warning(
                    "the backfill was interrupted; resuming",
                    metadata: ["partition": "\(keys.partition)", "reason": "\(error)"])
            }
        }
        backfilling.withLockedValue { _ = $0.remove(keys.partition) }
    }

    /// Checks a partition; nil if the check failed.
    private func check(_ keys: Keyspace, lastReason: inout String?) async -> Recovery.Check? {
        do {
            try await settings.check(serverOf: keys)
            let result = try await recovery.check(keys)
            if result.isOpen { lastReason = nil }
            return result
        } catch is CancellationError {
            return nil
        } catch {
            // While the partition is open, its users meet the same failure and report it.
            let reason = "\(error)"
            guard !recovery.fence.isOpen(keys), reason != lastReason else { return nil }
            lastReason = reason
            logger.warning(
                "a partition is closed until Redis has been compared with the ledger; retrying",
                metadata: ["partition": "\(keys.partition)", "reason": "\(reason)"])
            return nil
        }
    }

    /// Sleeps until a check is requested, at most a second; less while a partition is closed.
    private func sleep(lastOpen: ContinuousClock.Instant) async throws {
        guard partitions.allSatisfy(recovery.fence.isOpen) else {
            let isShort = ContinuousClock.now - lastOpen < Self.shortlyClosed
            return try await Task.sleep(for: isShort ? Self.shortestInterval : Self.intervalWhileClosed)
        }
        try await Task.sleep(for: Self.shortestInterval)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await recovery.fence.checkRequested() }
            group.addTask { try? await Task.sleep(for: Self.interval) }
            await group.next()
            group.cancelAll()
        }
        try Task.checkCancellation()
    }
}
