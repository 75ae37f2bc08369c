import Domain
import PostgresClient

/// The tables of the strategies that use Postgres, and their statements.
enum LabTable {
    /// The advisory lock prevents programs that start at the same time from creating the tables concurrently.
    private static let create =
        "SELECT pg_advisory_xact_lock(hashtextextended('ticketblitz.lab.' || current_schema(), 0));"
        + String(decoding: PackageResources.lab_sql, as: UTF8.self)
    static let names = ["lab_stock", "lab_sales"]

    /// Creates the tables unless they exist: then the role may lack the right to create tables.
    static func create(in pool: PostgresPool) async throws {
        guard try await pool.query(LabStatements.tables, Self.names).count < Self.names.count else { return }
        try await pool.withTransaction { connection in
            _ = try await connection.execute(script: create)
        }
    }

    static func prepare(_ strategy: String, capacity: Int, in pool: PostgresPool) async throws {
        try await create(in: pool)
        try await pool.withTransaction { connection in
            _ = try await connection.execute(LabStatements.insert, (strategy: strategy, units: capacity))
        }
    }

    static func reset(_ strategy: String, to capacity: Int, in pool: PostgresPool) async throws {
        try await pool.withTransaction { connection in
            try await connection.execute(LabStatements.put, (strategy: strategy, units: capacity))
            try await connection.execute(LabStatements.forget, strategy)
        }
    }

    /// The current stock. With `locking`, no other transaction can lock or change it before this one ends.
    static func stock(
        of strategy: String, on connection: PostgresConnection, locking: Bool = false
    ) async throws -> Int {
        let statement = locking ? LabStatements.readAndLock : LabStatements.read
        return try await connection.query(statement, strategy).first ?? 0
    }

    /// Decrements the stock without a check, and records the sale.
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
    /// The pool for reads and resets, and in most strategies for purchases.
    var pool: PostgresPool { get }
}

extension LabTableStrategy {
    func prepare(capacity: Int, by author: AuditAuthor) async throws {
        try await LabTable.prepare(name, capacity: capacity, in: pool)
    }

    func reset(to capacity: Int, by author: AuditAuthor) async throws {
        try await LabTable.reset(name, to: capacity, in: pool)
    }

    func account() async throws -> LabAccount {
        try await LabTable.account(of: name, in: pool)
    }
}
