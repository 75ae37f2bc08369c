import Domain
import NIOCore
import RedisClient
import RedisSchema
import Timing

/// One partition's queue of orders on their way to the ledger.
///
/// At every moment an entry is in exactly one of these: the queue, a leased batch, the dead letters, or acknowledged. Each
/// step from one to the next is one script.
package struct OrderQueue: Sendable {
    /// For how long settled records stay readable in Redis; the ledger has them for good.
    package static let recordRetention = Duration.seconds(3600)
    /// For how long the records of orders with an idempotency key do: the record answers a repetition.
    package static let keyRetention = Duration.seconds(24 * 3600)

    package let partition: Partition
    private let lease: Duration
    /// Of the scripts that go by a lease: `none` for workers, whose lease is sufficient; `epoch` for a recovery.
    private let leaseFence: ScriptFence

    var connection: RedisConnection { partition.connection }
    var keys: Keyspace { partition.keys }

    package init(_ partition: Partition, lease: Duration, leaseFence: ScriptFence = .none) {
        self.partition = partition
        self.lease = lease
        self.leaseFence = leaseFence
    }

    /// Whether the queue may be used at the moment.
    package var isOpen: Bool { partition.isOpen }

    /// How far the partition's recovery was when this process last checked.
    package var recovery: RecoveryProgress { partition.recovery }

    /// Takes up to `limit` of the oldest entries under a new lease; nil where the queue is empty.
    ///
    /// Where the answer is lost, the entries are leased to a token that nobody knows, and come back when its lease ends.
    package func take(limit: Int) async throws(RedisError) -> Batch? {
        try await partition.run(TakeScript(token: Batch.makeToken(), limit: limit, lease: lease))
    }

    /// Waits until the queue has an entry or the time is over. Changes nothing, whatever becomes of the connection.
    ///
    /// Moves the queue's head to where it is (BLMOVE onto itself): a blocking wait that takes nothing out, so that nothing
    /// is lost with a connection that dies in it. Other commands on `blocking` wait behind this one.
    package func waitForWork(on blocking: RedisConnection, upTo limit: Duration) async throws(RedisError) {
        let seconds = Double(limit.milliseconds) / 1000
        let command = RedisCommand("BLMOVE", keys.queue, keys.queue, "LEFT", "LEFT", String(seconds))
        _ = try await blocking.send(command, timeout: TimeAmount(limit) + .seconds(2))
    }

    /// Tokens whose leases have run out.
    package func expiredTokens(limit: Int = 16) async throws(RedisError) -> [String] {
        try await partition.run(ExpiredScript(limit: limit))
    }

    /// Tokens of all batches that are leased: those that have to go in turn first, in their turn.
    func leasedTokens() async throws(RedisError) -> [String] {
        var tokens: [String] = []
        for key in [keys.orderedBatches, keys.leases] {
            let found = try await connection.send(RedisCommand("ZRANGE", key, "0", "-1")).array ?? []
            for token in found.compactMap(\.string) where !tokens.contains(token) { tokens.append(token) }
        }
        return tokens
    }

    /// Takes over a batch whose lease has run out, or a piece of it; nil where it has not, or another worker was faster.
    package func reclaim(_ token: String) async throws(RedisError) -> Reclaim? {
        let successors = (0..<ReclaimScript.pieceLimit).map { _ in Batch.makeToken() }
        return try await partition.run(ReclaimScript(token, successors: successors, lease: lease))
    }

    /// Whether no batch that was taken earlier has to reach the ledger before this one.
    package func isTurn(of batch: Batch) async throws(RedisError) -> Bool {
        guard batch.waitsForTurn else { return true }
        let first = try await connection.send(RedisCommand("ZRANGE", keys.orderedBatches, "0", "0")).array?.first?
            .string
        return first == nil || first == batch.token
    }

    /// Begins the lease anew; false where it is lost.
    package func renew(_ token: String) async throws(RedisError) -> Bool {
        try await partition.run(RenewScript(token, lease: lease, fence: leaseFence))
    }

    /// Gives the batch back: any worker may take it over at once.
    package func release(_ token: String) async throws(RedisError) {
        _ = try await partition.run(RenewScript(token, lease: .zero, fence: leaseFence))
    }

    /// Ends a batch that the ledger has settled; false where its lease was lost, and nothing was changed.
    package func acknowledge(_ batch: Batch, _ settlements: [Settlement]) async throws(RedisError) -> Bool {
        try await partition.run(AcknowledgeScript(batch, settlements, fence: leaseFence))
    }

    /// Lets the records of the longest settled batch go, if it was settled at least `retention` seconds ago; the answer is
    /// whether it did, and so whether to ask again. Orders with an idempotency key have batches and a time of their own.
    package func deleteOldestRecords(
        withKey: Bool = false, retention: Duration? = nil
    ) async throws(RedisError) -> Bool {
        let list = withKey ? keys.settledWithKey : keys.settled
        let retention = retention ?? (withKey ? Self.keyRetention : Self.recordRetention)
        guard let batch = try await connection.send(RedisCommand("LINDEX", list, "0")).string else { return false }
        return try await partition.run(DeleteRecordsScript(batch, in: list, retention: retention))
    }
}
