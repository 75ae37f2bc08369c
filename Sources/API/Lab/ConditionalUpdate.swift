import PostgresClient

/// Checks and writes in one statement: UPDATE … WHERE stock >= quantity. **Exact.**
///
/// Why: an UPDATE locks the row before it changes it. If it had to wait for the lock, Postgres evaluates the WHERE clause
/// again with the current row. So the check and the write are one step, without an explicit lock.
///
/// Cost: all buyers still share one row, which is locked until the commit is on disk. But a buyer holds the lock for one
/// statement instead of four, and a buyer who finds the event sold out takes no lock. For a shop of usual size this strategy
/// is the right choice.
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
