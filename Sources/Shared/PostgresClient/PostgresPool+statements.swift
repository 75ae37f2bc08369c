import Timing

/// Transactions and single statements on a lent connection.
///
/// A transaction that failed because of other transactions, or because of the state of its session, changed nothing. It is
/// repeated where that is safe: a single statement, and a transaction until its body has begun.
extension PostgresPool {
    private static let attempts = 4
    private static let backoff = Backoff(base: .milliseconds(4), limit: .milliseconds(50))

    /// Runs `body` in a transaction: committed if `body` returns, rolled back if it throws. `body` is called once.
    ///
    /// If COMMIT itself fails with an error that `mayHaveRun`, the outcome is unknown.
    package nonisolated func withTransaction<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await withTransaction(beginningWith: { _ in }) { connection, _ in try await body(connection) }
    }

    /// The same, with `first` as the first part of the transaction: it can be called several times, so it must have no
    /// effect outside of the transaction. `body` gets its result and is called once.
    package nonisolated func withTransaction<First: Sendable, Value: Sendable>(
        beginningWith first: (PostgresConnection) async throws -> First,
        _ body: (PostgresConnection, First) async throws -> Value
    ) async throws -> Value {
        var hasBegun = false
        return try await repeating(unless: { hasBegun }) {
            try await withConnection { connection in
                do {
                    try await connection.begin()
                    let result = try await first(connection)
                    hasBegun = true
                    let value = try await body(connection, result)
                    try await connection.commit()
                    return value
                } catch {
                    // If this fails too, the connection is broken: the pool discards it, and the server rolls back.
                    try? await connection.rollback()
                    throw error
                }
            }
        }
    }

    /// Runs one statement in its own transaction and returns its rows.
    package nonisolated func query<Input: Sendable, Row: Sendable>(
        _ statement: PostgresStatement<Input, Row>, _ input: Input
    ) async throws -> [Row] {
        try await repeating { try await withConnection { try await $0.query(statement, input) } }
    }

    /// Runs one statement without rows in its own transaction and returns how many rows it changed.
    @discardableResult
    package nonisolated func execute<Input: Sendable>(
        _ statement: PostgresStatement<Input, Never>, _ input: Input
    ) async throws -> Int {
        try await repeating { try await withConnection { try await $0.execute(statement, input) } }
    }

    /// Repeats a transaction that changed nothing and may succeed, after a short pause.
    private nonisolated func repeating<Value: Sendable>(
        unless isFinal: () -> Bool = { false }, _ body: () async throws -> Value
    ) async throws -> Value {
        var failures = 0
        while true {
            do {
                return try await body()
            } catch let error as PostgresError where error.isWorthRepeating && !isFinal() {
                failures += 1
                guard failures < Self.attempts else { throw error }
                try await Task.sleep(for: Self.backoff.delay(failures: failures))
            }
        }
    }
}
