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

    /// The steps of the ledger's schema.
    package static let migrations = [
        Migration(
            version: 1, name: "ledger",
            sql: String(decoding: PackageResources.migration_0001_ledger_sql, as: UTF8.self)),
        Migration(
            version: 2, name: "reservations",
            sql: String(decoding: PackageResources.migration_0002_reservations_sql, as: UTF8.self)),
        Migration(
            version: 3, name: "recovery",
            sql: String(decoding: PackageResources.migration_0003_recovery_sql, as: UTF8.self)),
        Migration(
            version: 4, name: "filling",
            sql: String(decoding: PackageResources.migration_0004_filling_sql, as: UTF8.self)),
    ]

    /// Runs the steps that the schema lacks.
    package func migrate() async throws {
        try await Migrator(Self.migrations).migrate(pool)
    }

    /// Throws if Postgres does not answer.
    package func ping() async throws {
        _ = try await pool.query(Statements.ping, ())
    }
}
