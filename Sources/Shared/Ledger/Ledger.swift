import PostgresClient

/// What is written to and read from Postgres.
package struct Ledger: Sendable {
    package let pool: PostgresPool
    /// Called inside the transaction of ``settle(_:lease:partition:)``, so that a test can stop a process there. Programs
    /// leave it nil in release builds.
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

    /// Brings the schema up to date.
    package func migrate() async throws {
        try await Migrator(Self.migrations).migrate(pool)
    }

    /// Whether Postgres answers.
    package func ping() async throws {
        _ = try await pool.execute(PostgresStatement(name: "ping", sql: "SELECT 1"))
    }

    /// Milliseconds since 1970 of a column, and back.
    package static func milliseconds(_ column: String) -> String {
        "floor(extract(epoch FROM \(column)) * 1000)::bigint"
    }
    package static func timestamp(_ parameter: String) -> String { "to_timestamp(\(parameter)::bigint / 1000.0)" }
}
