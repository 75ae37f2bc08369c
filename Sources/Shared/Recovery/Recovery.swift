import Logging

/// Finds out whether a partition's Redis has all that the ledger has seen, and puts it right where it has not.
///
/// Any process may, at any time; an advisory lock in Postgres makes several at once one recovery, and a token in Redis
/// keeps one that was given up from doing anything late.
public struct Recovery: Sendable {
    /// How long a rebuilding waits for batches that workers had in hand when Redis lost them: what they commit in this
    /// time is still counted. What comes later is taken out of sale by whoever commits it.
    static let grace = Duration.seconds(1)

    let redis: RedisClient
    let ledger: Ledger
    let catalogue: EventCatalogue
    let fence: Fence
    let postgres: PostgresConfiguration
    let logger: Logger

    public init(_ stores: Stores, catalogue: EventCatalogue, logger: Logger) {
        redis = stores.redis
        ledger = stores.ledger
        fence = stores.fence
        postgres = stores.postgres
        self.catalogue = catalogue
        self.logger = logger
    }

    /// Looks at a partition; true where it may be used, after a recovery if need be, false where another process is at it.
    /// Throws where a store does not answer: then nothing is known, and the fence stands as it stood.
    public func look(at keys: Keyspace) async throws -> Bool {
        let comparison = try await compare(keys)
        if comparison.plan == .stands {
            fence.open(keys, for: comparison.pass)
            return true
        }
        fence.close(keys)
        // Of its own, so that a pool of one connection is enough for what is done under the lock.
        var configuration = postgres
        configuration.poolSize = 1
        let pool = PostgresPool(configuration)
        do {
            let isOpen = try await pool.withTransaction { lock in
                guard try await Ledger.lockRecovery(of: keys, on: lock) else { return false }
                try await recover(keys, touching: lock)
                return true
            }
            await pool.close()
            return isOpen
        } catch {
            await pool.close()
            throw error
        }
    }

    func serverSettings() async throws -> ServerSettings {
        try await ServerSettings(redis.connections[0], ledger.pool)
    }

    /// What the ledger knows and Redis says, and what follows.
    struct Comparison {
        var known: RecoveryPlan.Known?
        var seen: Int
        var found: RecoveryPlan.Found
        var plan: RecoveryPlan

        var pass: Fence.Pass { Fence.Pass(server: found.server, epoch: found.epoch ?? "") }
    }

    func compare(_ keys: Keyspace) async throws -> Comparison {
        let connection = redis.connections[0]
        guard let server = await connection.server() else {
            // Tells why there is no connection.
            _ = try await connection.send(RedisCommand("PING"))
            throw RedisError(.notConnected, "the connection is only being opened", mayHaveRun: false)
        }
        let known = try await ledger.partition(keys.partition)
        // Before Redis is asked: the number there only grows.
        let seen = try await ledger.leasesSeen(in: keys, catalogue.partitioning)
        let role = try await connection.send(RedisCommand("ROLE"), to: server).array?.first?.string
        guard role == "master" else {
            throw RedisError(.fenced, "the server is a \(role ?? "?"), not a master", mayHaveRun: false)
        }
        let values = try await connection.send(RedisCommand("MGET", keys.epoch, keys.leased), to: server).array ?? []
        let found = RecoveryPlan.Found(
            server: server, epoch: values.first?.string, leased: values.last?.integer.map { Int($0) } ?? 0)
        return Comparison(
            known: known, seen: seen, found: found, plan: RecoveryPlan(known: known, seen: seen, found: found))
    }

    private func recover(_ keys: Keyspace, touching lock: PostgresConnection) async throws {
        // Another process may have done it while this one waited.
        let comparison = try await compare(keys)
        guard comparison.plan != .stands else { return fence.open(keys, for: comparison.pass) }
        let (known, found) = (comparison.known, comparison.found)
        let sealed = SealedPartition(keys, on: redis.connections[0], server: found.server)
        try await sealed.seal()
        if comparison.plan == .rebuild {
            if known != nil {
                logger.warning(
                    "Redis has lost something; filling it from the ledger",
                    metadata: [
                        "partition": "\(keys.partition)", "epoch": "\(found.epoch ?? "none") of \(known?.epoch ?? 0)",
                        "leases": "\(found.leased) of \(comparison.seen)",
                    ])
                try await Task.sleep(for: Self.grace)
            }
            try await sealed.drain(into: ledger)
            try await sealed.wipe()
        }
        try await lock.execute(script: "SELECT 1")
        // Resuming leaves out what cannot be published yet, since orders are on their way: claims have it published.
        guard try await catalogue.publishAll(in: keys) || comparison.plan == .resume else {
            throw RedisError(.fenced, "orders are on their way in spite of the recovery", mayHaveRun: false)
        }
        try await lock.execute(script: "SELECT 1")
        let epoch = (known?.epoch ?? 0) + 1
        try await ledger.setPartition(keys.partition, RecoveryPlan.Known(epoch: epoch, server: found.server))
        try await sealed.open(epoch: epoch, seen: comparison.seen)
        fence.open(keys, for: Fence.Pass(server: found.server, epoch: String(epoch)))
        logger.notice(
            "Redis may be used",
            metadata: [
                "partition": "\(keys.partition)", "epoch": "\(epoch)", "recovery": "\(comparison.plan)",
            ])
    }
}
