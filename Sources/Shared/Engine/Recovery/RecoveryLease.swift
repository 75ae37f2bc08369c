import RedisClient
import RedisSchema

/// The lease of a recovery or of a filling, kept for as long as its holder works. What keeps others from harm is not the
/// lease but the token, which every write names; the lease only says when others may take over.
struct RecoveryLease: Sendable {
    /// On the server process that the lease is held on.
    let partition: Partition
    let token: String
    /// The key of the recovery or of the backfill.
    let key: String

    private enum Event<Value: Sendable>: Sendable {
        case done(Value)
        case lost
    }

    /// Runs `body` while the lease is extended. If the lease is lost, `body` is cancelled, and this throws unless it had
    /// come to its end; if `body` throws, the lease is given up.
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
                // It may have come to its end in the same moment; otherwise it says only that it was cancelled.
                if case .done(let value)? = try? await group.next() { return value }
                throw RedisError(.preconditionFailed, "another process has taken over the recovery", mayHaveRun: false)
            }
        } catch {
            _ = try? await partition.run(ExtendScript(token, of: key, by: .zero))
            throw error
        }
    }

    /// A Redis that does not answer may not have lost the lease: the next write tells.
    private func extendUntilLost() async throws {
        while true {
            try await Task.sleep(for: RecoveryTiming.lease / 6)
            if let isHeld = try? await partition.run(ExtendScript(token, of: key)), !isHeld { return }
        }
    }
}
