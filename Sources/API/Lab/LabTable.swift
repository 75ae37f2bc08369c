import PostgresClient

/// The rows that the strategies with Postgres sell from, and the statements that they are made of.
enum LabTable {
    /// The lock keeps programs that start at once from making the tables at once.
    private static let create =
        "SELECT pg_advisory_xact_lock(hashtextextended('ticketblitz.lab.' || current_schema(), 0));"
        + String(decoding: PackageResources.lab_sql, as: UTF8.self)
    static func prepare(_ strategy: String, capacity: Int, in pool: PostgresPool) async throws {
        try await pool.withTransaction { connection in
            try await connection.execute(script: create)
            try await connection.execute(LabStatements.insert, (strategy: strategy, units: capacity))
        }
    }

    static func reset(_ strategy: String, to capacity: Int, in pool: PostgresPool) async throws {
        try await pool.withTransaction { connection in
            try await connection.execute(LabStatements.put, (strategy: strategy, units: capacity))
            try await connection.execute(LabStatements.forget, strategy)
        }
    }

    /// The stock as it stands; with `locking`, no other transaction can lock or change it before this one has ended.
    static func stock(
        of strategy: String, on connection: PostgresConnection, locking: Bool = false
    ) async throws -> Int {
        let statement = locking ? LabStatements.readAndLock : LabStatements.read
        return try await connection.query(statement, strategy).first ?? 0
    }

    /// Takes units out of stock, whatever is there, and records the sale.
    static func sell(_ quantity: Int, of strategy: String, on connection: PostgresConnection) async throws {
        try await connection.execute(LabStatements.take, (strategy: strategy, units: quantity))
        try await connection.execute(LabStatements.record, (strategy: strategy, units: quantity))
    }

    static func account(of strategy: String, in pool: PostgresPool) async throws -> LabAccount {
        try await pool.query(LabStatements.account, strategy).first ?? LabAccount(capacity: 0, sold: 0, stock: 0)
    }
}

/// A strategy whose stock is a row in Postgres.
protocol LabTableStrategy: LabStrategy {
    /// For reading and resetting, and in most strategies for selling too.
    var pool: PostgresPool { get }
}

extension LabTableStrategy {
    func prepare(capacity: Int) async throws {
        try await LabTable.prepare(name, capacity: capacity, in: pool)
    }

    func reset(to capacity: Int) async throws {
        try await LabTable.reset(name, to: capacity, in: pool)
    }

    func account() async throws -> LabAccount {
        try await LabTable.account(of: name, in: pool)
    }
}
