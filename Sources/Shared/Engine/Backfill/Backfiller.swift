import Domain
import Ledger
import Logging
import RedisClient
import RedisSchema

/// Fills a partition's events in from the ledger after Redis was emptied: one process at a time, under a lease in Redis. What
/// is filled in stands there, so any process goes on where another was interrupted.
struct Backfiller: Sendable {
    let publisher: EventPublisher
    let keys: Keyspace
    let connection: RedisConnection
    let logger: Logger?

    var ledger: Ledger { publisher.ledger }
    var fence: Fence { publisher.inventory.fence }

    var partition: Partition { Partition(keys, on: connection, fence: fence) }

    init(_ publisher: EventPublisher, _ keys: Keyspace, logger: Logger? = nil) {
        self.publisher = publisher
        self.keys = keys
        self.logger = logger
        connection = publisher.inventory.client.connections[0]
    }

    /// Fills in one event that somebody asks for; false if another process has the lease: then the event is next there.
    func backfill(_ id: EventID) async throws -> Bool {
        let token = Batch.makeToken()
        let isFilled: Void? = try await holding(token) {
            let work = BackfillWork(self, token)
            try await work.backfill([id])
            guard try await !partition.run(EndBackfillScript(token, isComplete: false)) else { return }
            // Somebody wants another: the lease is free for who fills in all that is wanted.
            _ = try await partition.run(ExtendScript(token, of: keys.backfill, by: .zero))
        }
        if isFilled == nil {
            _ = try await connection.send(RedisCommand("SADD", keys.requestedBackfills, id.description))
        }
        return isFilled != nil
    }

    /// Fills in everything that has to be, the most recently sold events first; false if another process is at it.
    ///
    /// - Parameter token: of the recovery that has opened the partition, which holds the lease.
    func run(token: String? = nil) async throws -> Bool {
        let token = token ?? Batch.makeToken()
        let isFilled: Void? = try await holding(token) {
            let work = BackfillWork(self, token)
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await work.report() }
                repeat {
                    try await work.passUntilComplete()
                } while try await !partition.run(EndBackfillScript(token, isComplete: true))
            }
            work.finish()
        }
        return isFilled != nil
    }

    /// Nil if another process has the lease.
    private func holding<Value: Sendable>(
        _ token: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        guard let pass = fence.pass(keys) else {
            throw RedisError(.preconditionFailed, "Redis is being compared with the ledger", mayHaveRun: false)
        }
        guard try await partition.run(HoldBackfillScript(token)) else { return nil }
        let held = Partition(keys, on: connection, fence: fence, server: pass.server)
        return try await RecoveryLease(partition: held, token: token, key: keys.backfill).whileHeld(body)
    }
}
