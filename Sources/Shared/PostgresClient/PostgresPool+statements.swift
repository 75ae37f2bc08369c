/// Transactions and single statements on a lent connection.
extension PostgresPool {
    /// Runs `body` in a transaction: committed if `body` returns, rolled back if it throws.
    ///
    /// If COMMIT itself fails with an error that `mayHaveRun`, the outcome is unknown.
    package nonisolated func withTransaction<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await withConnection { connection in
            try await connection.execute(script: "BEGIN")
            do {
                let value = try await body(connection)
                try await connection.execute(script: "COMMIT")
                return value
            } catch {
                // If this fails too, the connection is broken: the pool discards it, and the server rolls back.
                _ = try? await connection.execute(script: "ROLLBACK")
                throw error
            }
        }
    }

    /// Runs one statement in its own transaction and returns its rows.
    package nonisolated func query<Input: Sendable, Row: Sendable>(
        _ statement: PostgresStatement<Input, Row>, _ input: Input
    ) async throws -> [Row] {
        try await withConnection { try await $0.query(statement, input) }
    }

    /// Runs one statement without rows in its own transaction and returns how many rows it changed.
    @discardableResult
    package nonisolated func execute<Input: Sendable>(
        _ statement: PostgresStatement<Input, Never>, _ input: Input
    ) async throws -> Int {
        try await withConnection { try await $0.execute(statement, input) }
    }
}
