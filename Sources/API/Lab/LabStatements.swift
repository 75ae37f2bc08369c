import PostgresClient

/// The SQL of the strategies that sell from Postgres.
enum LabStatements {
    static let all: [any AnyPostgresStatement] = [
        tables, insert, put, forget, read, readAndLock, take, record, account, conditionalUpdate,
    ]

    static let tables = PostgresStatement<[String], String>(
        "lab_tables", sql: "SELECT name FROM unnest(:names::text[]) AS name WHERE to_regclass(name) IS NOT NULL",
        parameters: ["names": { $0 }]
    ) { columns in
        let name = try columns["name", as: String.self]
        return { row in try row[name] }
    }

    typealias Units = (strategy: String, units: Int)

    static let insert = PostgresStatement<Units, Never>(
        "lab_insert",
        sql: """
            INSERT INTO lab_stock (strategy, capacity, stock) VALUES (:strategy, :units, :units) ON CONFLICT DO NOTHING
            """,
        parameters: units)

    static let put = PostgresStatement<Units, Never>(
        "lab_put",
        sql: """
            INSERT INTO lab_stock (strategy, capacity, stock) VALUES (:strategy, :units, :units)
            ON CONFLICT (strategy) DO UPDATE SET capacity = excluded.capacity, stock = excluded.stock
            """,
        parameters: units)

    static let forget = PostgresStatement<String, Never>(
        "lab_forget", sql: "DELETE FROM lab_sales WHERE strategy = :strategy", parameters: ["strategy": { $0 }])

    static let read = PostgresStatement<String, Int>(
        "lab_read", sql: "SELECT stock FROM lab_stock WHERE strategy = :strategy", parameters: ["strategy": { $0 }],
        reader: stock)

    static let readAndLock = PostgresStatement<String, Int>(
        "lab_read_and_lock", sql: "SELECT stock FROM lab_stock WHERE strategy = :strategy FOR UPDATE",
        parameters: ["strategy": { $0 }], reader: stock)

    static let take = PostgresStatement<Units, Never>(
        "lab_take", sql: "UPDATE lab_stock SET stock = stock - :units WHERE strategy = :strategy", parameters: units)

    static let record = PostgresStatement<Units, Never>(
        "lab_record", sql: "INSERT INTO lab_sales (strategy, quantity) VALUES (:strategy, :units)",
        parameters: units)

    static let account = PostgresStatement<String, LabAccount>(
        "lab_account",
        sql: """
            SELECT capacity, stock,
                (SELECT coalesce(sum(quantity), 0) FROM lab_sales WHERE lab_sales.strategy = lab_stock.strategy) AS sold
            FROM lab_stock WHERE strategy = :strategy
            """,
        parameters: ["strategy": { $0 }]
    ) { columns in
        let capacity = try columns["capacity", as: Int.self]
        let sold = try columns["sold", as: Int.self]
        let stock = try columns["stock", as: Int.self]
        return { row in LabAccount(capacity: try row[capacity], sold: try row[sold], stock: try row[stock]) }
    }

    /// Changes one row if the sale was made, none if too few units are left.
    static let conditionalUpdate = PostgresStatement<Units, Never>(
        "lab_conditional_update",
        sql: """
            WITH taken AS (
                UPDATE lab_stock SET stock = stock - :units::integer WHERE strategy = :strategy AND stock >= :units::integer
                RETURNING strategy
            )
            INSERT INTO lab_sales (strategy, quantity) SELECT strategy, :units::integer FROM taken
            """,
        parameters: units)

    private static let units: PostgresStatement<Units, Never>.Parameters = [
        "strategy": { $0.strategy }, "units": { $0.units },
    ]

    @Sendable private static func stock(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> Int {
        let stock = try columns["stock", as: Int.self]
        return { row in try row[stock] }
    }
}
