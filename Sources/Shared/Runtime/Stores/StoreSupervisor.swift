import Engine
import Logging
import NIOConcurrencyHelpers
import PostgresClient
import RedisSchema
import ServiceLifecycle
import Timing

/// Prepares the stores at the start, and sees to it from then on that Redis may be relied on: looks once a second, and at
/// once when somebody has a requestCheck. Every program has one, so that a recovery needs no person and no certain process.
package struct StoreSupervisor: Service {
    private static let interval = Duration.seconds(1)
    private static let shortestRest = Duration.milliseconds(20)
    /// While another process is at a recovery, or a store is away: each look opens a connection to Postgres.
    private static let restWhileClosed = Duration.milliseconds(100)

    private let recovery: Recovery
    private let partitions: [Keyspace]
    private let logger: Logger
    /// Partitions whose events this process is filling in.
    private let filling = NIOLockedValueBox<Set<Int>>([])

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
                            let look = await look(at: keys, lastReason: &reasons[keys.partition])
                            guard case .needsBackfill(let token) = look, begins(keys) else { continue }
                            group.addTask { await backfill(keys, token: token) }
                        }
                        try await rest()
                    }
                }
            }
        } catch is CancellationError {
            return
        }
    }

    /// Throws where nothing is to be sold with these settings.
    private func report(_ findings: [ServerSettings.Finding]) throws(UnsafeSettings) {
        for finding in findings {
            switch finding.weight {
            case .warn: logger.warning("\(finding.line)")
            case .refuse: throw UnsafeSettings(description: finding.line)
            }
        }
    }

    /// Whether this process is not filling the partition's events in already; it is from now on.
    private func begins(_ keys: Keyspace) -> Bool {
        filling.withLockedValue { $0.insert(keys.partition).inserted }
    }

    /// Beside the looks, which go on: what fails is begun again at the next look, where it was interrupted.
    private func backfill(_ keys: Keyspace, token: String?) async {
        do {
            _ = try await recovery.backfill(keys, token: token)
        } catch {
            if !(error is CancellationError) {
                logger.warning(
                    "filling Redis from the ledger was interrupted; going on",
                    metadata: ["partition": "\(keys.partition)", "reason": "\(error)"])
            }
        }
        filling.withLockedValue { _ = $0.remove(keys.partition) }
    }

    /// Nil if nothing could be found out.
    private func look(at keys: Keyspace, lastReason: inout String?) async -> Recovery.Look? {
        do {
            let look = try await recovery.look(at: keys)
            if look.isOpen { lastReason = nil }
            return look
        } catch is CancellationError {
            return nil
        } catch {
            // While it may be used as far as anybody knows, whoever uses it meets the same failure and tells of it.
            let reason = "\(error)"
            guard !recovery.fence.isOpen(keys), reason != lastReason else { return nil }
            lastReason = reason
            logger.warning(
                "nothing can be sold before Redis has been compared with the ledger; trying again",
                metadata: ["partition": "\(keys.partition)", "reason": "\(reason)"])
            return nil
        }
    }

    /// Until there is a requestCheck, a second at most; not for long while something cannot be used.
    private func rest() async throws {
        guard partitions.allSatisfy(recovery.fence.isOpen) else {
            return try await Task.sleep(for: Self.restWhileClosed)
        }
        try await Task.sleep(for: Self.shortestRest)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await recovery.fence.checkRequested() }
            group.addTask { try? await Task.sleep(for: Self.interval) }
            await group.next()
            group.cancelAll()
        }
        try Task.checkCancellation()
    }
}
