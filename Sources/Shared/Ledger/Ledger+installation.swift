package import Domain
package import PostgresClient

/// Preparing the schema, and what all programs of an installation have in common.
extension Ledger {
    /// The steps of the ledger's schema.
    package static let migrations = [
        migration(1, "ledger", PackageResources.migration_0001_ledger_sql),
        migration(2, "reservations", PackageResources.migration_0002_reservations_sql),
        migration(3, "recovery", PackageResources.migration_0003_recovery_sql),
        migration(4, "filling", PackageResources.migration_0004_filling_sql),
        migration(5, "installation", PackageResources.migration_0005_installation_sql),
        migration(6, "archive", PackageResources.migration_0006_archive_sql),
        migration(7, "keyed_ids", PackageResources.migration_0007_keyed_ids_sql),
        migration(8, "holders", PackageResources.migration_0008_holders_sql),
        migration(9, "replication", PackageResources.migration_0009_replication_sql),
        migration(10, "late_settlements", PackageResources.migration_0010_late_settlements_sql),
        migration(11, "audit", PackageResources.migration_0011_audit_sql),
        migration(12, "customer_orders", PackageResources.migration_0012_customer_orders_sql),
        migration(13, "webhooks", PackageResources.migration_0013_webhooks_sql),
        migration(14, "rooms", PackageResources.migration_0014_rooms_sql),
        migration(15, "waitlist", PackageResources.migration_0015_waitlist_sql),
        migration(16, "ended_passes", PackageResources.migration_0016_ended_passes_sql),
        migration(17, "numbers_given", PackageResources.migration_0017_numbers_given_sql),
    ]

    private static func migration(_ version: Int, _ name: String, _ sql: [UInt8]) -> Migration {
        Migration(version: version, name: name, sql: String(decoding: sql, as: UTF8.self))
    }

    /// The tables and sequences that a role needs rights on to run the programs.
    package static let relations = [
        "events", "deleted_events", "orders", "partitions", "leases_seen", "late_events", "installation",
        "publications", "audit", "audit_id_seq", "changes", "changes_seq_seq", "webhook_endpoints",
        "webhook_endpoints_number_seq", "webhook_progress", "webhook_deliveries", "rooms",
        "schema_migrations",
    ]

    /// Runs the steps that the schema lacks, and returns them. Needs a role that may create tables.
    @discardableResult
    package func migrate() async throws -> [Migration] {
        try await Migrator(Self.migrations).migrate(pool)
    }

    /// The same for a program at its start: a schema that lacks nothing is only read, so the role may lack the right to
    /// create tables.
    ///
    /// - Throws: a ``SchemaIsBehind`` if steps are missing and the role may not run them.
    package func prepare() async throws {
        try await Migrator(Self.migrations).prepare(pool)
    }

    /// Gives a role the rights that the programs need, on the tables of the ledger and on those in `others` that exist.
    package func grant(to role: String, others: [String] = []) async throws {
        try await pool.withTransaction { connection in
            let commands = try await connection.query(
                Statements.grants, (role: role, relations: Self.relations + others))
            for command in commands { try await connection.execute(script: command) }
        }
    }

    /// The number of partitions of the installation: the given one, if no program has noted another before.
    package func partitionCount(otherwise count: Int) async throws -> Int {
        if let noted = try await notedPartitionCount() { return noted }
        try await pool.execute(Statements.installationNote, (name: Self.partitionsName, value: String(count)))
        return try await notedPartitionCount() ?? count
    }

    /// Changes the number of partitions of the installation.
    package func setPartitionCount(_ count: Int) async throws {
        try await pool.execute(Statements.installationSet, (name: Self.partitionsName, value: String(count)))
    }

    private static let partitionsName = "partitions"

    /// The number of partitions that the programs have noted; nil if none has.
    package func notedPartitionCount() async throws -> Int? {
        try await pool.query(Statements.installationFind, Self.partitionsName).first.flatMap { Int($0) }
    }

    /// The secret of the installation, which the first program that asks makes. All programs get the same one.
    ///
    /// - Throws: an ``UnreadableSecret`` if the ledger has something else in its place.
    package func secret() async throws -> InstallationSecret {
        if let secret = try await notedSecret() { return secret }
        try await pool.execute(Statements.installationSecret, InstallationSecret().hexadecimal)
        guard let secret = try await notedSecret() else { throw UnreadableSecret() }
        return secret
    }

    private func notedSecret() async throws -> InstallationSecret? {
        guard let text = try await pool.query(Statements.installationFind, "id_secret").first else { return nil }
        let begin = try await pool.query(Statements.installationFind, "keyed_from").first
        guard let milliseconds = Int64(begin ?? "0"),
            let secret = InstallationSecret(hexadecimal: text, keyedFrom: Timestamp(milliseconds: milliseconds))
        else { throw UnreadableSecret() }
        return secret
    }
}

/// The ledger's secret has been changed by hand.
package struct UnreadableSecret: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String {
        "id_secret in the table installation is not 64 hexadecimal digits, or keyed_from is not a number"
    }
}
