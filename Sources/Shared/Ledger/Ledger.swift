package import PostgresClient

/// The ledger: events, orders and partitions in Postgres.
package struct Ledger: Sendable {
    package let pool: PostgresPool
    /// Called inside the transaction of ``settle(_:lease:partition:)``, so that a test can stop the process there. Nil
    /// in release builds.
    package var settleProbe: SettleProbe?

    package struct SettleProbe: Sendable {
        package var beforeStatement: @Sendable () -> Void
        package var beforeCommit: @Sendable () -> Void

        package init(
            beforeStatement: @escaping @Sendable () -> Void, beforeCommit: @escaping @Sendable () -> Void
        ) {
            self.beforeStatement = beforeStatement
            self.beforeCommit = beforeCommit
        }
    }

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Throws if Postgres does not answer.
    package func ping() async throws {
        _ = try await pool.query(Statements.ping, ())
    }
}
