import Glibc
import TestSupport

@testable import RedisClient

/// Faults of a Redis Cluster of three primaries, each with a replica, with `DURABILITY=replica`.
extension Fault {
    /// After these, the node that sells has all that the ledger has seen.
    static let cluster: [Fault] = [
        primaryKilled, primaryPaused, manualFailover, slotMovedKeyByKey, failoversWithoutPostgres,
    ]

    /// `kill -9`, and the machine returns after its replica has taken over.
    static let primaryKilled = Fault("kill -9 of the primary") { cluster, _ in
        try await loseThePrimary(of: cluster)
    }

    /// The process stands still until its replica has taken over, and then wakes.
    static let primaryPaused = Fault("the primary paused past its failover") { cluster, _ in
        let primary = try await cluster.owner().primary
        await primary.server.signal(SIGSTOP)
        do {
            try await cluster.waitForAnotherOwner(than: primary)
        } catch {
            await primary.server.signal(SIGCONT)
            throw error
        }
        await primary.server.signal(SIGCONT)
        try await cluster.waitUntilReplicated()
    }

    /// What the replica has not confirmed is an unknown outcome, also when the primary is lost then.
    static let replicaPausedAndPrimaryKilled = Fault("the replica paused, and then the primary killed") { cluster, _ in
        let owner = try await cluster.owner()
        await owner.replica.server.signal(SIGSTOP)
        try await pause(1.5)
        try await owner.primary.server.kill()
        await owner.replica.server.signal(SIGCONT)
        try await cluster.waitForAnotherOwner(than: owner.primary)
        try await owner.primary.server.restart()
        try await cluster.waitUntilReplicated()
    }

    static let manualFailover = Fault("a manual failover") { cluster, _ in
        try await failOver(cluster)
        try await cluster.waitUntilReplicated()
    }

    /// There and back, while nobody can compare Redis with the ledger.
    static let failoversWithoutPostgres = Fault("two failovers while Postgres is unavailable") { cluster, _ in
        try await cluster.postgres.stop()
        for _ in 0..<2 { try await loseThePrimary(of: cluster) }
        try await cluster.postgres.restart()
    }

    private static func loseThePrimary(of cluster: Cluster) async throws {
        let primary = try await cluster.owner().primary
        try await primary.server.kill()
        try await cluster.waitForAnotherOwner(than: primary)
        try await primary.server.restart()
        try await cluster.waitUntilReplicated()
    }

    /// A failover that does not succeed within 5 s, on a busy machine, is given up by the servers and requested again.
    private static func failOver(_ cluster: Cluster) async throws {
        let owner = try await cluster.owner()
        for _ in 0..<5 {
            _ = try await owner.replica.connection.send(RedisCommand("CLUSTER", "FAILOVER"))
            do {
                return try await eventually("the replica has taken over", within: 6) {
                    try await cluster.owner().primary.id == owner.replica.id
                }
            } catch is GaveUp {
                continue
            }
        }
        throw GaveUp(description: "the replica does not take over")
    }
}
