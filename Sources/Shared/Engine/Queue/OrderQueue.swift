package import Domain
import NIOCore
package import RedisClient
package import RedisSchema
import Timing

/// One partition's queue of orders that are not yet persisted in the ledger.
///
/// At every moment an entry is in exactly one location: the queue, a leased batch, the dead letters, or acknowledged.
/// Each step between these locations is one script.
package struct OrderQueue: Sendable {
    /// How long the records of settled orders stay in Redis. The ledger keeps the orders without limit.
    package static let recordRetention = Duration.seconds(3600)
    /// The same for orders with an idempotency key: a repeated request is answered from the record.
    package static let keyRetention = Duration.seconds(24 * 3600)

    package let partition: Partition
    private let lease: Duration
    /// The fence of the scripts that check a lease: `none` for workers, whose lease is sufficient; `epoch` for a
    /// recovery.
    private let leaseFence: ScriptFence

    var connection: RedisConnection { partition.connection }
    var keys: Keyspace { partition.keys }

    package init(_ partition: Partition, lease: Duration, leaseFence: ScriptFence = .none) {
        self.partition = partition
        self.lease = lease
        self.leaseFence = leaseFence
    }

    /// Whether the partition is open.
    package var isOpen: Bool { partition.isOpen }

    /// The progress of the partition's recovery when this process last checked.
    package var recovery: RecoveryProgress { partition.recovery }

    /// Takes up to `limit` of the oldest entries under a new lease; nil if the queue is empty.
    ///
    /// If the reply is lost, the entries are leased to a token that no worker knows. Another worker reclaims them after
    /// the lease expires.
    package func take(limit: Int) async throws(RedisError) -> Batch? {
        try await partition.run(TakeScript(token: Batch.makeToken(), limit: limit, lease: lease))
    }

    /// Waits until the queue has an entry, for at most `limit`. Changes nothing, even if the connection fails.
    ///
    /// Sends a BLMOVE of the queue's head onto itself: a blocking command that removes nothing, so that no entry is
    /// lost if the connection fails. Other commands on `blocking` wait for this one.
    package func waitForWork(on blocking: RedisConnection, upTo limit: Duration) async throws(RedisError) {
        let seconds = Double(limit.milliseconds) / 1000
        let command = RedisCommand("BLMOVE", keys.queue, keys.queue, "LEFT", "LEFT", String(seconds))
        _ = try await blocking.send(command, timeout: TimeAmount(limit) + .seconds(2))
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
        return try await partition.run(ReclaimScript(token, successors: successors, lease: lease))
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

    /// Deletes the records of the batch that was settled first, if that was at least `retention` ago. True if it did:
    /// then another batch may be due. Orders with an idempotency key are listed separately, with a retention time of
    /// their own.
    package func deleteOldestRecords(
        withKey: Bool = false, retention: Duration? = nil
    ) async throws(RedisError) -> Bool {
        let list = keys.settled(withKey: withKey)
        let retention = retention ?? (withKey ? Self.keyRetention : Self.recordRetention)
        guard let batch = try await connection.send(RedisCommand("LINDEX", list, "0")).string else { return false }
        return try await partition.run(DeleteRecordsScript(batch, withKey: withKey, retention: retention))
    }
}
