import PostgresClient

/// ``Naive`` with two more words: SELECT … FOR UPDATE. **Exact.**
///
/// Why: the read locks the row until the transaction ends. Another transaction that reads the row for an update waits, and
/// then reads what the first one committed. No transaction can write between the read and the write of another one, so the
/// check is still valid at the write.
///
/// Cost: purchases of one event run one after the other, each for a complete transaction: four round trips and a sync of the
/// disk. That limits the purchases per second of one event, however many connections there are. Purchases that are refused
/// because the event is sold out wait in the same line.
struct RowLock: LabTableStrategy {
    let name = "row-lock"
    let summary = "SELECT … FOR UPDATE, check, write: one purchase at a time"
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
