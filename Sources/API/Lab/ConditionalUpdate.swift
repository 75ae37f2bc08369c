import PostgresClient

/// The check goes into the write: UPDATE … WHERE stock >= quantity. **Exact.**
///
/// Why: an UPDATE locks the row before it changes it, and where it had to wait for the lock, Postgres looks at the WHERE
/// again with the row as it then stands. So check and write are one step, without anybody having to think of a lock.
///
/// The cost: the row is still one, and held until the commit is on disk; but the line is one statement long and not four,
/// and whoever finds it sold out takes no lock at all. For a shop of usual size this is the answer.
struct ConditionalUpdate: LabTableStrategy {
    let name = "conditional-update"
    let summary = "UPDATE … WHERE stock >= quantity: check and write in one statement"
    let pool: PostgresPool

    func buy(_ quantity: Int) async throws -> LabSale {
        let sales = try await pool.execute(LabStatements.conditionalUpdate, (strategy: name, units: quantity))
        return sales == 1 ? .sold : .soldOut
    }
}
