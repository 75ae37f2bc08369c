/// The lease of a recovery or of a filling, kept for as long as its holder works. What keeps others from harm is not the
/// lease but the token, which every write names; the lease only says when others may take over.
struct RecoveryLease: Sendable {
    let calls: RecoveryCalls
    /// Of the recovery or of the filling.
    let key: String
    let connection: RedisConnection
    /// The server process that the lease is held on, by its run id.
    let server: String

    /// Runs `body` while the lease is extended. If the lease is lost, `body` is cancelled and this throws; if `body` throws,
    /// the lease is given up.
    func whileHeld<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        do {
            return try await withThrowingTaskGroup(of: Value?.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await body() }
                group.addTask {
                    try await extend()
                    return nil
                }
                while let result = try await group.next() {
                    if let result { return result }
                }
                throw CancellationError()
            }
        } catch {
            var call = calls.extend(key, by: .zero)
            call.server = server
            _ = try? await connection.evaluate(call)
            throw error
        }
    }

    /// Goes on until it is cancelled. A Redis that does not answer may not have lost the lease: the next write tells.
    private func extend() async throws {
        var call = calls.extend(key)
        call.server = server
        while true {
            try await Task.sleep(for: RecoveryCalls.lease / 6)
            if let answer = try? await connection.evaluate(call), answer.integer == 0 {
                throw RedisError(.fenced, "another process has taken over the recovery", mayHaveRun: false)
            }
        }
    }
}
