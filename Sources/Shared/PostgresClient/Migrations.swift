import Timing

/// A step of the schema: a file `NNNN_name.sql`, run once, in the order of the numbers.
package struct Migration: Hashable, Sendable {
    package let version: Int
    package let name: String
    package let sql: String

    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }
}

/// Why a schema cannot be brought up to date.
package struct MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Runs the steps that a schema has not had, safely when several programs start at once.
package struct Migrator: Sendable {
    private static let record = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    private static let applied = PostgresStatement(
        name: "migrations_applied", sql: "SELECT version, checksum FROM schema_migrations ORDER BY version")
    private static let checksum = PostgresStatement(
        name: "migration_checksum", sql: "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')")
    private static let insert = PostgresStatement(
        name: "migration_insert", sql: "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)")
    /// The lock is the schema's own, so that schemas side by side in one database do not wait for each other. It ends
    /// with the transaction.
    private static let lock = "SELECT pg_advisory_xact_lock(hashtextextended('ticketblitz.' || current_schema(), 0))"

    /// A step may build an index over millions of rows.
    private static let stepTimeout = Duration.seconds(1800)

    private let migrations: [Migration]

    package init(_ migrations: [Migration]) {
        self.migrations = migrations.sorted { $0.version < $1.version }
    }

    /// Brings the schema up to date in one transaction: all steps or none.
    ///
    /// Throws a ``MigrationError`` where a step that has run reads differently now. Steps that the schema had from a
    /// newer release are left alone, so that releases can run side by side during an upgrade.
    package func migrate(_ pool: PostgresPool) async throws {
        try await pool.withTransaction { connection in
            // Others wait for whoever is at it for as long as a step may take.
            let limit = Self.stepTimeout.milliseconds
            try await connection.execute(
                script: "SET LOCAL statement_timeout = \(limit); SET LOCAL lock_timeout = \(limit)")
            try await connection.execute(script: Self.lock, timeout: Self.stepTimeout)
            try await connection.execute(script: Self.record)
            var known: [Int: String] = [:]
            for row in try await connection.execute(Self.applied).rows {
                known[try row.integer(0)] = try row.text(1)
            }
            for migration in migrations {
                let digest = try await connection.execute(Self.checksum, [migration.sql]).rows.first?.text(0) ?? ""
                if let recorded = known[migration.version] {
                    guard recorded == digest else { throw Self.changed(migration) }
                    continue
                }
                try await connection.execute(script: migration.sql, timeout: Self.stepTimeout)
                _ = try await connection.execute(Self.insert, [String(migration.version), migration.name, digest])
            }
        }
    }

    private static func changed(_ migration: Migration) -> MigrationError {
        MigrationError(
            description: """
                migration \(migration.version) (\(migration.name)) has run on this database with another text; \
                restore the file as it was and put the change into a new migration
                """)
    }
}
