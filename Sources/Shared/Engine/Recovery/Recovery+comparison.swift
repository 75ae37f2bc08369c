import Ledger
import RedisClient
package import RedisSchema

/// Compares a partition in Redis with the ledger.
extension Recovery {
    /// The highest lease number that the ledger has seen of the partition.
    func leasesSeen(in keys: Keyspace) async throws -> Int {
        try await ledger.leasesSeen(inPartition: keys.partition) { publisher.partitioning.home(of: $0) == keys }
    }

    /// The states of a partition in both stores, and the plan that follows from them.
    package struct Comparison: Sendable {
        /// The epoch in the ledger; nil if it has none.
        var known: PartitionEpoch?
        /// The highest lease number that the ledger has seen.
        var seen: Int
        var found: RecoveryPlan.Found
        var state: PartitionState
        var plan: RecoveryPlan

        var pass: Fence.Pass {
            Fence.Pass(server: found.server, replication: found.replication, epoch: found.epoch ?? "")
        }
    }

    /// Compares a partition in both stores. Throws if a store does not respond, or if the Redis server is not a master.
    package func compare(_ keys: Keyspace) async throws -> Comparison {
        let connection = connection(keys)
        guard let server = await connection.server() else {
            // Throws the reason for which there is no connection.
            _ = try await connection.send(RedisCommand("PING"))
            throw RedisError(.notConnected, "the connection is being opened", mayHaveRun: false)
        }
        var known = try await ledger.partition(keys.partition)
        var comparison = try await compare(keys, known, on: server)
        // Another recovery may have completed between the two reads; Redis would then seem to be ahead of the ledger. A
        // recovery begins its epoch in the ledger first, so the comparison is valid if the ledger has the same epoch
        // before and after it.
        while comparison.plan != .upToDate {
            let present = try await ledger.partition(keys.partition)
            if present == known { break }
            known = present
            comparison = try await compare(keys, known, on: server)
        }
        return comparison
    }

    /// Throws if the server's data have another history than those that were compared. Then it was replaced and promoted again
    /// meanwhile, under the same run id, and can lack what a rebuild has deleted.
    func requireSameData(_ keys: Keyspace, _ found: RecoveryPlan.Found) async throws {
        let status = try await connection(keys).status(of: found.server)
        guard status.isPrimary, status.replicationID == found.replication else {
            throw RedisError(.preconditionFailed, "the server has taken other data", mayHaveRun: false)
        }
    }

    private func compare(
        _ keys: Keyspace, _ known: PartitionEpoch?, on server: String
    ) async throws -> Comparison {
        // Read before Redis, where the number only increases.
        let seen = try await leasesSeen(in: keys)
        let connection = connection(keys)
        // Before the rest: a server that takes other data meanwhile has another history afterwards.
        let status = try await connection.status(of: server)
        note(status, of: keys)
        guard status.isPrimary else {
            throw RedisError(.preconditionFailed, "the server is a replica", mayHaveRun: false)
        }
        let partition = Partition(keys, of: redis, on: connection.eventLoop, fence: fence, server: server)
        let state = try await partition.run(InspectScript())
        let found = RecoveryPlan.Found(
            server: server, replication: status.replicationID, epoch: state.epoch, leasesBegun: state.leasesBegun,
            resumedFrom: state.seal.flatMap { $0.phase == .resume ? $0.from : nil })
        return Comparison(
            known: known, seen: seen, found: found, state: state,
            plan: RecoveryPlan(known: known, seen: seen, found: found))
    }
}
