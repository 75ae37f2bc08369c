import PostgresClient

/// The check goes into the write: UPDATE … WHERE stock >= quantity. **Exact.**
///
/// Why: an UPDATE locks the row before it changes it, and where it had to wait for the lock, Postgres looks at the WHERE
/// again with the row as it then stands. So check and write are one step, without anybody having to think of a lock.
///
/// The cost: the row is still one, and held until the commit is on disk; but the line is one statement long and not four,
/// and whoever finds it sold out takes no lock at all. For a shop of usual size this is the answer.
struct ConditionalUpdate: LabTableStrategy {
    private static let sell = PostgresStatement(
        name: "lab_conditional_update",
        sql: """
            WITH taken AS (
                UPDATE lab_stock SET stock = stock - $2::integer WHERE strategy = $1 AND stock >= $2::integer
                RETURNING strategy
            )
            INSERT INTO lab_sales (strategy, quantity) SELECT strategy, $2::integer FROM taken
            """)

    let name = "conditional-update"
    let summary = "UPDATE … WHERE stock >= quantity: check and write in one statement"
    let pool: PostgresPool

    func buy(_ quantity: Int) async throws -> LabSale {
        let result = try await pool.execute(Self.sell, [name, String(quantity)])
        return result.affected == 1 ? .sold : .soldOut
    }
}
