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

    private let recovery: Recovery
    private let partitions: [Keyspace]
    private let logger: Logger
    /// Partitions that this process is backfilling.
    private let backfilling = NIOLockedValueBox<Set<Int>>([])

    package init(_ recovery: Recovery, partitioning: Partitioning, logger: Logger) {
        self.recovery = recovery
        partitions = partitioning.all
        self.logger = logger
    }

    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await retrying("preparing the ledger", logger: logger, unless: { $0 is MigrationError }) {
                    try await recovery.ledger.migrate()
                }
                let findings = try await retrying("reading the servers' settings", logger: logger) {
                    try await ServerSettings(recovery.redis.connections[0], recovery.ledger.pool).findings
                }
                try report(findings)
                try await withThrowingDiscardingTaskGroup { group in
                    var reasons: [Int: String] = [:]
                    while true {
                        recovery.fence.clearRequests()
                        for keys in partitions {
                            let result = await check(keys, lastReason: &reasons[keys.partition])
                            guard case .needsBackfill(let token) = result, beginBackfill(keys) else { continue }
                            group.addTask { await backfill(keys, token: token) }
                        }
                        try await sleep()
                    }
                }
            }
        } catch is CancellationError {
            return
        }
    }

    /// - Throws: ``UnsafeSettings`` if a finding does not allow a sale.
    private func report(_ findings: [ServerSettings.Finding]) throws(UnsafeSettings) {
        for finding in findings {
            switch finding.weight {
            case .warn: logger.warning("\(finding.line)")
            case .refuse: throw UnsafeSettings(description: finding.line)
            }
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
    private func sleep() async throws {
        guard partitions.allSatisfy(recovery.fence.isOpen) else {
            return try await Task.sleep(for: Self.intervalWhileClosed)
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
