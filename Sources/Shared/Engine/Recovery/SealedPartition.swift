import Ledger
import NIOCore
import RedisClient
import RedisSchema

/// A sealed partition, which only its recovery can change: its remaining orders are settled in the ledger, and the rest
/// is deleted.
struct SealedPartition: Sendable {
    private static let pageSize = 1000
    private static let batchSize = 1000

    let token: String
    /// On the server process that is being recovered.
    let partition: Partition
    private let queue: OrderQueue
    private var keys: Keyspace { partition.keys }
    private var connection: RedisConnection { partition.connection }

    /// - Parameters:
    ///   - fence: the fence of the programs; the recovery has one of its own.
    ///   - server: the run id of the server process that is being recovered.
    ///   - replication: the id of the history of its data.
    init(
        _ keys: Keyspace, token: String, of client: RedisClient, on eventLoop: any EventLoop, fence: Fence,
        server: String, replication: String
    ) {
        self.token = token
        partition = Partition(keys, of: client, on: eventLoop, fence: fence.closedCopy(), server: server)
        partition.fence.open(
            keys, for: Fence.Pass(server: server, replication: replication, epoch: SealScript.seal(token)))
        queue = OrderQueue(partition, lease: .seconds(60), leaseFence: .epoch)
    }

    /// Begins the recovery, or takes over one whose lease has expired. Returns the phase to continue with; nil if
    /// another process has the lease, or the epoch has changed.
    func seal(found epoch: String?, plan: SealScript.Plan) async throws(RedisError) -> PartitionState.Phase? {
        try await partition.run(SealScript(token, found: epoch, plan: plan))
    }

    /// Settles everything that is queued, leased or dead-lettered in the ledger. A worker that holds one of these
    /// batches can still commit it, which changes nothing, but cannot acknowledge it.
    func drain(into ledger: Ledger) async throws {
        for letter in try await queue.deadLetters(limit: .max) {
            _ = try await queue.requeue(letter.id, evenIfNotLoaded: true)
        }
        repeat {
            for token in try await queue.leasedTokens() {
                try await queue.release(token)
                if let batch = try await queue.reclaim(token)?.batch { try await settle(batch, in: ledger) }
            }
            while let batch = try await queue.take(limit: Self.batchSize) { try await settle(batch, in: ledger) }
        } while try await !queue.leasedTokens().isEmpty
    }

    private func settle(_ batch: Batch, in ledger: Ledger) async throws {
        let settlements = try await ledger.settle(batch.orders, lease: batch.number, partition: keys.partition)
        guard try await queue.acknowledge(batch, settlements) else {
            throw RedisError(.preconditionFailed, "a batch was lost while it was being recovered", mayHaveRun: false)
        }
    }

    /// Deletes all data that can be backfilled from the ledger. Dead letters stay.
    func wipe() async throws(RedisError) {
        let last = WipeScript.deletedLast(keys)
        let kept = WipeScript.kept(keys).union(last)
        var cursor = "0"
        repeat {
            let command = RedisCommand("SCAN", cursor, "MATCH", keys.everything, "COUNT", String(Self.pageSize))
            let page = try await connection.send(command, to: partition.server).array ?? []
            guard page.count == 2, let next = page[0].string, let found = page[1].array else {
                throw RedisError(.protocolViolation, "SCAN replied in an unknown form", mayHaveRun: false)
            }
            try await run(WipeScript(token, deleting: found.compactMap(\.string).filter { !kept.contains($0) }))
            cursor = next
        } while cursor != "0"
        try await run(WipeScript(token, deleting: last))
    }

    /// Opens the partition in a new epoch.
    ///
    /// - Parameter seen: the highest number of a lease that the ledger has seen.
    func open(epoch: Int, seen: Int, rebuilt: Bool) async throws(RedisError) {
        try await run(OpenScript(token, epoch: epoch, leasesSeen: seen, isRebuilt: rebuilt))
    }

    private func run(_ script: some PartitionScript<Bool>) async throws(RedisError) {
        guard try await partition.run(script) else {
            throw RedisError(
                .preconditionFailed, "another recovery has begun, or the server has older data", mayHaveRun: false)
        }
    }
}
