import Domain
import Ledger
import Logging
import RedisClient
import RedisSchema

/// Backfills a partition's events from the ledger after Redis was emptied. A lease in Redis allows one process at a
/// time. The progress of each event is in Redis too, so any process can continue where another was interrupted.
struct Backfiller: Sendable {
    let publisher: EventPublisher
    let keys: Keyspace
    let logger: Logger?

    var ledger: Ledger { publisher.ledger }
    var fence: Fence { publisher.inventory.fence }

    /// On one connection, whatever task calls.
    var partition: Partition { partition(on: nil) }
    var connection: RedisConnection { partition.connection }

    /// - Parameter server: the run id of the only server process that may be used; nil for any.
    private func partition(on server: String?) -> Partition {
        let client = publisher.inventory.client
        return Partition(
            keys, of: client, on: client.node(of: keys.slot).connections[0].eventLoop, fence: fence, server: server)
    }

    init(_ publisher: EventPublisher, _ keys: Keyspace, logger: Logger? = nil) {
        self.publisher = publisher
        self.keys = keys
        self.logger = logger
    }

    /// Backfills one requested event. False if another process has the lease: then the event is requested from it.
    func backfill(_ id: EventID) async throws -> Bool {
        let token = Batch.makeToken()
        let isDone: Void? = try await withLease(token) {
            let work = BackfillWork(self, token)
            try await work.backfill([id])
            guard try await !partition.run(EndBackfillScript(token, isComplete: false)) else { return }
            // Another event was requested meanwhile: the lease is released for a process that backfills all requests.
            _ = try await partition.run(ExtendScript(token, of: keys.backfill, by: .zero))
        }
        if isDone == nil {
            _ = try await connection.send(RedisCommand("SADD", keys.requestedBackfills, id.description))
        }
        return isDone != nil
    }

    /// Backfills all events that Redis lacks, the most recently sold first. False if another process has the lease.
    ///
    /// - Parameter token: the token of the recovery that opened the partition, which has the lease already; nil for a
    ///   process that takes the lease.
    func run(token: String? = nil) async throws -> Bool {
        let token = token ?? Batch.makeToken()
        let isDone: Void? = try await withLease(token) {
            let work = BackfillWork(self, token)
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await work.report() }
                repeat {
                    try await BackfillPass(work).runUntilComplete()
                } while try await !partition.run(EndBackfillScript(token, isComplete: true))
            }
            work.finish()
        }
        return isDone != nil
    }

    /// Runs `body` under the lease. Nil if another process has it.
    private func withLease<Value: Sendable>(
        _ token: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        guard let pass = fence.pass(keys) else {
            throw RedisError(.preconditionFailed, "Redis is being compared with the ledger", mayHaveRun: false)
        }
        guard try await partition.run(HoldBackfillScript(token)) else { return nil }
        let held = partition(on: pass.server)
        return try await RecoveryLease(partition: held, token: token, key: keys.backfill).whileHeld(body)
    }
}
