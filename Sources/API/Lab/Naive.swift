import PostgresClient

/// Reads, checks and writes: the obvious implementation. **It oversells.**
///
/// Why: two transactions read "1 left" before either of them writes. Both find that it is enough, and both sell it. The
/// transaction does not prevent this: at the default isolation level of Postgres, READ COMMITTED, a read takes no lock and
/// returns what was committed at the time of the read, not at the time of the write. The two writes run one after the other,
/// because each locks the row, but neither checks again.
///
/// It oversells by at most the number of purchases that can be between the read and the write at the same time: the number
/// of clients minus 1, or the size of the pool minus 1. The defect is dangerous because it appears only under load: with one
/// buyer at a time, the strategy works.
struct Naive: LabTableStrategy {
    let name = "naive"
    let summary = "read, check, write in a transaction; oversells"
    let isExact = false
    let pool: PostgresPool

    func buy(_ quantity: Int) async throws -> LabSale {
        try await pool.withTransaction { connection in
            let stock = try await LabTable.stock(of: name, on: connection)  // read
            guard stock >= quantity else { return .soldOut }  // check
            try await LabTable.sell(quantity, of: name, on: connection)  // write, based on a value that may be outdated
            return .sold
        }
    }
}
