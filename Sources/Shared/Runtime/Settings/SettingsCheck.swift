import Logging
import NIOConcurrencyHelpers
import PostgresClient
import RedisClient
import RedisSchema

/// Checks the settings of each server process once, before it is used.
struct SettingsCheck: Sendable {
    let redis: RedisClient
    let pool: PostgresPool
    let durability: Durability
    let logger: Logger
    /// The run ids of the server processes that were checked and may be used.
    private let checked = NIOLockedValueBox<Set<String>>([])

    init(redis: RedisClient, pool: PostgresPool, durability: Durability, logger: Logger) {
        self.redis = redis
        self.pool = pool
        self.durability = durability
        self.logger = logger
    }

    /// Checks all servers that are known at the start. Waits for them.
    ///
    /// - Throws: ``UnsafeSettings`` if a finding does not allow a sale.
    func checkAll() async throws {
        try await retrying("reading the servers' settings", logger: logger, unless: { $0 is UnsafeSettings }) {
            try report(ServerSettings.Finding.about(try await redis.clusterMembers()))
            for node in redis.nodes { try await check(node) }
        }
    }

    /// Checks the server of a partition unless it was checked before: a node that joined the cluster, or a process that was
    /// restarted, perhaps with other settings.
    ///
    /// - Throws: ``UnsafeSettings`` if a finding does not allow a sale.
    func check(serverOf keys: Keyspace) async throws {
        let node = redis.node(of: keys.slot)
        guard let server = await node.connections[0].server(),
            !checked.withLockedValue({ $0.contains(server) })
        else { return }
        try await check(node)
    }

    private func check(_ node: RedisNode) async throws {
        let connection = node.connections[0]
        let status = try await connection.status()
        var findings = try await ServerSettings(connection, pool, durability: durability).findings
        if durability != .disk, try await !mayWait(connection) {
            let isNeeded = status.onlineReplicas > 0 || durability == .replicaStrict
            findings.append(.about(userThatMayNotWait: durability, isNeeded: isNeeded))
        }
        if !redis.isCluster, try await connection.isNodeOfACluster() {
            findings.append(.about(nodeThatIsNamedAlone: node.address))
        }
        try report(findings)
        checked.withLockedValue { _ = $0.insert(status.runID) }
    }

    /// Whether the user of Redis may wait for replicas.
    private func mayWait(_ connection: RedisConnection) async throws(RedisError) -> Bool {
        do throws(RedisError) {
            // Returns at once.
            _ = try await connection.send(RedisCommand("WAIT", "0", "1"))
            return true
        } catch {
            guard error.serverCode == "NOPERM" else { throw error }
            return false
        }
    }

    private func report(_ findings: [ServerSettings.Finding]) throws(UnsafeSettings) {
        for finding in findings where finding.weight == .refuse {
            throw UnsafeSettings(description: finding.line)
        }
        for finding in findings { logger.warning("\(finding.line)") }
    }
}
