import RedisClient

/// The lease of a recovery or of a filling, kept for as long as its holder works. What keeps others from harm is not the
/// lease but the token, which every write names; the lease only says when others may take over.
struct RecoveryLease: Sendable {
    let calls: RecoveryCalls
    /// Of the recovery or of the filling.
    let key: String
    let connection: RedisConnection
    /// The server process that the lease is held on, by its run id.
    let server: String

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
            var call = calls.extend(key, by: .zero)
            call.server = server
            _ = try? await connection.evaluate(call)
            throw error
        }
    }

    /// A Redis that does not answer may not have lost the lease: the next write tells.
    private func extendUntilLost() async throws {
        var call = calls.extend(key)
        call.server = server
        while true {
            try await Task.sleep(for: RecoveryCalls.lease / 6)
            if let answer = try? await connection.evaluate(call), answer.integer == 0 { return }
        }
    }
}
