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
    let name = "conditional-update"
    let summary = "UPDATE … WHERE stock >= quantity: check and write in one statement"
    let pool: PostgresPool

    func buy(_ quantity: Int) async throws -> LabSale {
        let sales = try await pool.execute(LabStatements.conditionalUpdate, (strategy: name, units: quantity))
        return sales == 1 ? .sold : .soldOut
    }
}
