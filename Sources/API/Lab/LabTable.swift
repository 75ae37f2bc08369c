import PostgresClient

/// The tables of the strategies that use Postgres, and their statements.
enum LabTable {
    /// The advisory lock prevents programs that start at the same time from creating the tables concurrently.
    private static let create =
        "SELECT pg_advisory_xact_lock(hashtextextended('ticketblitz.lab.' || current_schema(), 0));"
        + String(decoding: PackageResources.lab_sql, as: UTF8.self)
    private static let insert = PostgresStatement(
        name: "lab_insert",
        sql: "INSERT INTO lab_stock (strategy, capacity, stock) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING")
    private static let put = PostgresStatement(
        name: "lab_put",
        sql: """
            INSERT INTO lab_stock (strategy, capacity, stock) VALUES ($1, $2, $2)
            ON CONFLICT (strategy) DO UPDATE SET capacity = excluded.capacity, stock = excluded.stock
            """)
    private static let forget = PostgresStatement(
        name: "lab_forget", sql: "DELETE FROM lab_sales WHERE strategy = $1")
    private static let read = PostgresStatement(
        name: "lab_read", sql: "SELECT stock FROM lab_stock WHERE strategy = $1")
    private static let readAndLock = PostgresStatement(
        name: "lab_read_and_lock", sql: "SELECT stock FROM lab_stock WHERE strategy = $1 FOR UPDATE")
    private static let take = PostgresStatement(
        name: "lab_take", sql: "UPDATE lab_stock SET stock = stock - $2 WHERE strategy = $1")
    private static let record = PostgresStatement(
        name: "lab_record", sql: "INSERT INTO lab_sales (strategy, quantity) VALUES ($1, $2)")
    private static let account = PostgresStatement(
        name: "lab_account",
        sql: """
            SELECT capacity, stock,
                (SELECT coalesce(sum(quantity), 0) FROM lab_sales WHERE lab_sales.strategy = lab_stock.strategy)
            FROM lab_stock WHERE strategy = $1
            """)

    static func prepare(_ strategy: String, capacity: Int, in pool: PostgresPool) async throws {
        try await pool.withTransaction { connection in
            try await connection.execute(script: create)
            _ = try await connection.execute(insert, [strategy, String(capacity)])
        }
    }

    static func reset(_ strategy: String, to capacity: Int, in pool: PostgresPool) async throws {
        try await pool.withTransaction { connection in
            _ = try await connection.execute(put, [strategy, String(capacity)])
            _ = try await connection.execute(forget, [strategy])
        }
    }

    /// The current stock. With `locking`, no other transaction can lock or change it before this one ends.
    static func stock(
        of strategy: String, on connection: PostgresConnection, locking: Bool = false
    ) async throws -> Int {
        let result = try await connection.execute(locking ? readAndLock : read, [strategy])
        return try result.rows.first?.integer(0) ?? 0
    }

    /// Decrements the stock without a check, and records the sale.
    static func sell(_ quantity: Int, of strategy: String, on connection: PostgresConnection) async throws {
        _ = try await connection.execute(take, [strategy, String(quantity)])
        _ = try await connection.execute(record, [strategy, String(quantity)])
    }

    static func account(of strategy: String, in pool: PostgresPool) async throws -> LabAccount {
        guard let row = try await pool.execute(account, [strategy]).rows.first else {
            return LabAccount(capacity: 0, sold: 0, stock: 0)
        }
        return LabAccount(capacity: try row.integer(0), sold: try row.integer(2), stock: try row.integer(1))
    }
}

/// A strategy whose stock is a row in Postgres.
protocol LabTableStrategy: LabStrategy {
    /// The pool for reads and resets, and in most strategies for purchases.
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
