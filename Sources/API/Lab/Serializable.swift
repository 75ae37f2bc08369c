import PostgresClient

/// ``Naive``, word for word, at the level SERIALIZABLE, and tried again when Postgres says so. **Exact.**
///
/// Why: at this level the outcome has to be one that the transactions could have had one after the other. Two that read the
/// same stock and both sold of it could not; so Postgres lets the first commit and ends the other with SQLSTATE 40001, with
/// nothing of it done. Trying again is part of the strategy: without it a buyer would be told of a failure while there are
/// tickets left.
///
/// The cost: under a crowd nearly every transaction meets another, and what is done is mostly thrown away: of as many that
/// start together, one gets through. It is right where conflicts are rare, and a sale's one row is the opposite of that.
struct Serializable: LabTableStrategy {
    /// Attempts until the buyer is told to come again; between them there is a pause that grows.
    static let attempts = 200

    let name = "serializable"
    let summary = "naive at the level SERIALIZABLE, tried again when transactions met"
    let pool: PostgresPool

    func buy(_ quantity: Int) async throws -> LabSale {
        var attempt = 1
        while true {
            do {
                return try await attemptToBuy(quantity)
            } catch let error as PostgresError where error.sqlState == "40001" && attempt < Self.attempts {
                // By chance, so that those who met do not meet again; up to 20 ms, so that nobody waits for long.
                try await Task.sleep(for: .microseconds(Int.random(in: 0...min(attempt * 500, 20_000))))
                attempt += 1
            }
        }
    }

    private func attemptToBuy(_ quantity: Int) async throws -> LabSale {
        try await pool.withTransaction { connection in
            try await connection.execute(script: "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            let stock = try await LabTable.stock(of: name, on: connection)
            guard stock >= quantity else { return .soldOut }
            try await LabTable.sell(quantity, of: name, on: connection)
            return .sold
        }
    }
}
