import Timing

/// A step of the schema: the SQL of a file `NNNN_name.sql`. Steps run once, in the order of their numbers.
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

/// Why a schema cannot be migrated.
package struct MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// The schema lacks steps, and the role may not run them.
package struct SchemaIsBehind: Error, Hashable, Sendable, CustomStringConvertible {
    package let missing: [Migration]

    package var description: String {
        let steps = missing.map { "\($0.version) (\($0.name))" }.joined(separator: ", ")
        return """
            the schema lacks the migrations \(steps), and this role may not create tables: run API migrate once, with the \
            DATABASE_URL of the owner of the schema
            """
    }
}

/// Runs the steps that a schema lacks. Several programs can do so at the same time.
package struct Migrator: Sendable {
    private static let record = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    private static let applied = PostgresStatement<Void, (version: Int, checksum: String)>(
        "migrations_applied", sql: "SELECT version, checksum FROM schema_migrations ORDER BY version"
    ) { columns in
        let version = try columns["version", as: Int.self]
        let checksum = try columns["checksum", as: String.self]
        return { row in (version: try row[version], checksum: try row[checksum]) }
    }
    private static let checksums = PostgresStatement<[String], String>(
        "migration_checksums",
        sql: """
            SELECT encode(sha256(convert_to(step.sql, 'UTF8')), 'hex') AS checksum
            FROM unnest(:steps::text[]) WITH ORDINALITY AS step (sql, number) ORDER BY number
            """,
        parameters: ["steps": { $0 }]
    ) { columns in
        let checksum = try columns["checksum", as: String.self]
        return { row in try row[checksum] }
    }
    private static let insert = PostgresStatement<(migration: Migration, checksum: String), Never>(
        "migration_insert",
        sql: "INSERT INTO schema_migrations (version, name, checksum) VALUES (:version, :name, :checksum)",
        parameters: [
            "version": { $0.migration.version }, "name": { $0.migration.name }, "checksum": { $0.checksum },
        ])
    /// One lock for each schema, so that the schemas of one database do not wait for each other. The transaction's end
    /// releases it.
    private static let lock = "SELECT pg_advisory_xact_lock(hashtextextended('ticketblitz.' || current_schema(), 0))"

    /// Long enough to build an index on millions of rows.
    private static let stepTimeout = Duration.seconds(1800)

    private let migrations: [Migration]

    package init(_ migrations: [Migration]) {
        self.migrations = migrations.sorted { $0.version < $1.version }
    }

    /// Runs the missing steps in one transaction, all of them or none, and returns them.
    ///
    /// Throws a ``MigrationError`` if the text of a step has changed since the step ran. Steps of a newer release are
    /// ignored, so that two releases can run at the same time during an upgrade.
    @discardableResult
    package func migrate(_ pool: PostgresPool) async throws -> [Migration] {
        try await pool.withTransaction { connection in
            // Other processes wait for the lock as long as the steps of the one that has it take.
            try await connection.set(.lock, to: Self.stepTimeout)
            try await connection.set(.statement, to: Self.stepTimeout)
            try await connection.execute(script: Self.lock, timeout: Self.stepTimeout)
            try await connection.execute(script: Self.record)
            let missing = try await missing(on: connection)
            for (migration, checksum) in missing {
                try await connection.execute(script: migration.sql, timeout: Self.stepTimeout)
                try await connection.execute(Self.insert, (migration: migration, checksum: checksum))
            }
            return missing.map(\.0)
        }
    }

    /// Runs the missing steps. If there are none, the schema is only read: that needs no right to change it, and waits
    /// for no other program.
    ///
    /// Throws a ``SchemaIsBehind`` if steps are missing and the role may not run them.
    package func prepare(_ pool: PostgresPool) async throws {
        let missing: [Migration]
        do {
            missing = try await pool.withConnection { try await self.missing(on: $0).map(\.0) }
        } catch let error as PostgresError where error.sqlState == "42P01" {
            missing = migrations  // There is no record yet.
        }
        guard !missing.isEmpty else { return }
        do {
            try await migrate(pool)
        } catch let error as PostgresError where error.sqlState == "42501" {
            throw SchemaIsBehind(missing: missing)
        }
    }

    /// The steps that the schema lacks, with the checksums of their texts.
    private func missing(on connection: PostgresConnection) async throws -> [(Migration, String)] {
        var known: [Int: String] = [:]
        for row in try await connection.query(Self.applied, ()) { known[row.version] = row.checksum }
        let checksums = try await connection.query(Self.checksums, migrations.map(\.sql))
        return try zip(migrations, checksums).filter { migration, checksum in
            guard let recorded = known[migration.version] else { return true }
            guard recorded == checksum else { throw Self.changed(migration) }
            return false
        }
    }

    private static func changed(_ migration: Migration) -> MigrationError {
        MigrationError(
            description: """
                migration \(migration.version) (\(migration.name)) ran on this database with a different text; \
                restore the file and put the change into a new migration
                """)
    }
}
