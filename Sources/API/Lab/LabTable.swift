import PostgresClient

/// The rows that the strategies with Postgres sell from, and the statements that they are made of.
enum LabTable {
    /// The lock keeps programs that start at once from making the tables at once.
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

    /// The stock as it stands; with `locking`, no other transaction can lock or change it before this one has ended.
    static func stock(
        of strategy: String, on connection: PostgresConnection, locking: Bool = false
    ) async throws -> Int {
        let result = try await connection.execute(locking ? readAndLock : read, [strategy])
        return try result.rows.first?.integer(0) ?? 0
    }

    /// Takes units out of stock, whatever is there, and records the sale.
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
