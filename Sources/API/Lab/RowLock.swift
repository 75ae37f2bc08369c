import PostgresClient

/// ``Naive`` with two words more: SELECT … FOR UPDATE. **Exact.**
///
/// Why: the read locks the row until the transaction ends. Whoever else wants to read it for an update waits, and then reads
/// what the first has committed. Between a buyer's reading and writing nobody writes, so what was checked is still so.
///
/// The cost: buyers of one event stand in line for the whole transaction, four round trips and a sync of the disk long; so
/// many purchases a second are the most that one event can have, however many connections there are. And those who learn
/// that it is sold out stand in the same line.
struct RowLock: LabTableStrategy {
    let name = "row-lock"
    let summary = "SELECT … FOR UPDATE, check, write: one buyer at a time"
    let pool: PostgresPool

    func buy(_ quantity: Int) async throws -> LabSale {
        try await pool.withTransaction { connection in
            let stock = try await LabTable.stock(of: name, on: connection, locking: true)
            guard stock >= quantity else { return .soldOut }
            try await LabTable.sell(quantity, of: name, on: connection)
            return .sold
        }
    }
}
