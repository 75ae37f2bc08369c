package import Domain
import Metrics
import NIOCore
package import RedisClient
package import RedisSchema
import Timing

/// One partition's queue of orders that are not yet persisted in the ledger.
///
/// At every moment an entry is in exactly one location: the queue, a leased batch, the dead letters, or acknowledged.
/// Each step between these locations is one script.
package struct OrderQueue: Sendable {
    package let partition: Partition
    private let lease: Duration
    /// The fence of the scripts that check a lease: `none` for workers, whose lease is sufficient; `epoch` for a
    /// recovery.
    private let leaseFence: ScriptFence

    private static let waitWithoutMemory = Duration.milliseconds(50)

    var connection: RedisConnection { partition.connection }
    var keys: Keyspace { partition.keys }

    package init(_ partition: Partition, lease: Duration, leaseFence: ScriptFence = .none) {
        self.partition = partition
        self.lease = lease
        self.leaseFence = leaseFence
    }

    /// Whether the partition is open.
    package var isOpen: Bool { partition.isOpen }

    /// The replicas that were connected to the partition's server at the last look.
    package var connectedReplicas: Int { partition.fence.connectedReplicas(keys) }

    /// The progress of the partition's recovery when this process last checked.
    package var recovery: RecoveryProgress { partition.recovery }

    /// Takes up to `limit` of the oldest entries under a new lease; nil if the queue is empty.
    ///
    /// If the reply is lost, the entries are leased to a token that no worker knows. Another worker reclaims them after
    /// the lease expires.
    package func take(limit: Int) async throws(RedisError) -> Batch? {
        let epoch = epoch
        var batch = try await runCounting(TakeScript(token: Batch.makeToken(), limit: limit, lease: lease))
        batch?.epoch = epoch
        return batch
    }

    /// The epoch of the pass; nil for a recovery, which has none. It is read before a lease begins: an epoch that is too low
    /// costs a comparison, one that is too high could hide a late settlement.
    private var epoch: Int? { partition.fence.pass(keys).flatMap { Int($0.epoch) } }

    /// Runs a script that begins a lease. The batch is used even if the replicas do not have the lease: if one of them is
    /// promoted then, the partition is rebuilt from the ledger.
    ///
    /// The wait is also short on a primary that was replaced: one that was paused accepts a call when it continues, and gives
    /// up the wait when it learns of its demotion. Its batch can have orders that are on no server, so it must not reach the
    /// ledger. Therefore the server is asked once more, and this throws if it is not the one of the pass any more.
    private func runCounting<Script: PartitionScript, Value>(
        _ script: Script
    ) async throws(RedisError) -> Value? where Script.Reply == Value? {
        let pass = partition.fence.pass(keys)
        let reply = try await partition.runReplicated(script)
        guard !reply.isReplicated else { return reply.value }
        Counter(label: FewReplicas.metric, dimensions: [("call", Script.lua.script.name)]).increment()
        guard reply.value != nil, let pass else { return reply.value }
        guard try await partition.isServer(of: pass) else {
            throw RedisError(.preconditionFailed, "the server was replaced while a batch was taken", mayHaveRun: true)
        }
        return reply.value
    }

    /// The connection of another client to the server that has the queue.
    package func connection(of client: RedisClient) -> RedisConnection { client.connection(of: keys.slot) }

    /// Waits until the queue has an entry, for at most `limit`. Changes nothing, even if the connection fails.
    ///
    /// Sends a BLMOVE of the queue's head onto itself: a blocking command that removes nothing, so that no entry is
    /// lost if the connection fails. Other commands on `blocking` wait for this one. Redis refuses the command at
    /// `maxmemory`: then this waits for at most 50 ms, so that the queue is emptied nevertheless.
    package func waitForWork(on blocking: RedisConnection, upTo limit: Duration) async throws(RedisError) {
        let seconds = Double(limit.milliseconds) / 1000
        let command = RedisCommand("BLMOVE", keys.queue, keys.queue, "LEFT", "LEFT", String(seconds))
        do throws(RedisError) {
            _ = try await blocking.send(command, timeout: TimeAmount(limit) + .seconds(2))
        } catch {
            guard error.serverCode == "OOM" else { throw error }
            try? await Task.sleep(for: min(limit, Self.waitWithoutMemory))
        }
    }

    /// Tokens whose leases have expired.
    package func expiredTokens(limit: Int = 16) async throws(RedisError) -> [String] {
        try await partition.run(ExpiredScript(limit: limit))
    }

    /// Tokens of all leased batches. Batches that must reach the ledger in order come first, in that order.
    func leasedTokens() async throws(RedisError) -> [String] {
        var tokens: [String] = []
        for key in [keys.orderedBatches, keys.leases] {
            let found = try await connection.send(RedisCommand("ZRANGE", key, "0", "-1")).array ?? []
            for token in found.compactMap(\.string) where !tokens.contains(token) { tokens.append(token) }
        }
        return tokens
    }

    /// Takes over a batch whose lease has expired, or a piece of it. Nil if the lease has not expired, or another
    /// worker was faster.
    package func reclaim(_ token: String) async throws(RedisError) -> Reclaim? {
        let successors = (0..<ReclaimScript.pieceLimit).map { _ in Batch.makeToken() }
        let epoch = epoch
        let reclaim = try await runCounting(ReclaimScript(token, successors: successors, lease: lease))
        guard case .batch(var batch)? = reclaim else { return reclaim }
        batch.epoch = epoch
        return .batch(batch)
    }

    /// Whether this batch may be written: no batch that was taken earlier has to reach the ledger first.
    package func isTurn(of batch: Batch) async throws(RedisError) -> Bool {
        guard batch.waitsForTurn else { return true }
        let first = try await connection.send(RedisCommand("ZRANGE", keys.orderedBatches, "0", "0")).array?.first?
            .string
        return first == nil || first == batch.token
    }

    /// Renews the lease; false if it is lost.
    package func renew(_ token: String) async throws(RedisError) -> Bool {
        try await partition.run(RenewScript(token, lease: lease, fence: leaseFence))
    }

    /// Releases the batch: any worker can take it over at once.
    package func release(_ token: String) async throws(RedisError) {
        _ = try await partition.run(RenewScript(token, lease: .zero, fence: leaseFence))
    }

    /// Acknowledges a batch that the ledger has settled. False if its lease was lost: then nothing was changed.
    package func acknowledge(_ batch: Batch, _ settlements: [Settlement]) async throws(RedisError) -> Bool {
        try await partition.run(AcknowledgeScript(batch, settlements, fence: leaseFence))
    }
}
