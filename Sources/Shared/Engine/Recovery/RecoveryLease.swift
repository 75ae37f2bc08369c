import RedisClient
import RedisSchema

/// The lease of a recovery or of a backfill, which is extended while its holder works. The token, which every write
/// names, prevents concurrent changes; the lease only determines when another process can take over.
struct RecoveryLease: Sendable {
    /// On the server process on which the lease is held.
    let partition: Partition
    let token: String
    /// The key of the recovery or of the backfill.
    let key: String

    private enum Event<Value: Sendable>: Sendable {
        case done(Value)
        case lost
    }

    /// Runs `body` and extends the lease until it returns. If the lease is lost, `body` is cancelled, and this throws
    /// unless `body` returned a value nevertheless. If `body` throws, the lease is released.
    func whileHeld<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        do {
            return try await withThrowingTaskGroup(of: Event<Value>.self) { group in
                defer { group.cancelAll() }
                group.addTask { .done(try await body()) }
                group.addTask {
                    try await extendUntilLost()
                    return .lost
                }
                if case .done(let value)? = try await group.next() { return value }
                group.cancelAll()
                // It may have returned at the same moment; otherwise it throws only that it was cancelled.
                if case .done(let value)? = try? await group.next() { return value }
                throw RedisError(.preconditionFailed, "another process has taken over the recovery", mayHaveRun: false)
            }
        } catch {
            _ = try? await partition.run(ExtendScript(token, of: key, by: .zero))
            throw error
        }
    }

    /// A failed call is ignored: the lease may still be held, and the next write checks it.
    private func extendUntilLost() async throws {
        while true {
            try await Task.sleep(for: RecoveryTiming.lease / 6)
            if let isHeld = try? await partition.run(ExtendScript(token, of: key)), !isHeld { return }
        }
    }
}
