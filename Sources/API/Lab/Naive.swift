import PostgresClient

/// Read, check, write: what everyone writes first. **It sells more than there is.**
///
/// Why: two buyers read "1 left" before either of them writes, both find that it is enough, and both sell it. The
/// transaction around the three steps changes nothing about that: at Postgres's default level, READ COMMITTED, a read takes
/// no lock, and says what was committed when it was made, not what is so when it is acted upon. The two writes come one
/// after the other, since each locks the row, but neither looks again.
///
/// How much too much: at most as many as can stand between reading and writing at once, so clients - 1 or the pool's size -
/// 1. That it takes load to show is what makes it dangerous: one buyer after the other it works.
struct Naive: LabTableStrategy {
    let name = "naive"
    let summary = "read, check, write in a transaction; sells more than there is"
    let isExact = false
    let pool: PostgresPool

    func buy(_ quantity: Int) async throws -> LabSale {
        try await pool.withTransaction { connection in
            let stock = try await LabTable.stock(of: name, on: connection)  // read
            guard stock >= quantity else { return .soldOut }  // check
            try await LabTable.sell(quantity, of: name, on: connection)  // write, on the strength of what was
            return .sold
        }
    }
}
