/// What is written to and read from Postgres.
public struct Ledger: Sendable {
    let pool: PostgresPool

    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// The steps of the ledger's schema.
    public static let migrations = [
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
    public func migrate() async throws {
        try await Migrator(Self.migrations).migrate(pool)
    }

    /// Whether Postgres answers.
    public func ping() async throws {
        _ = try await pool.execute(PostgresStatement(name: "ping", sql: "SELECT 1"))
    }

    /// Milliseconds since 1970 of a column, and back.
    static func milliseconds(_ column: String) -> String { "floor(extract(epoch FROM \(column)) * 1000)::bigint" }
    static func timestamp(_ parameter: String) -> String { "to_timestamp(\(parameter)::bigint / 1000.0)" }
}
