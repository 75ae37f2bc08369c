import PostgresClient

/// ``Naive`` at the isolation level SERIALIZABLE, with retries. **Exact.**
///
/// Why: at this level the outcome has to be one that is possible if the transactions run one after the other. Two
/// transactions that read the same stock and both sell from it have no such outcome. Postgres commits the first and rolls
/// back the other with SQLSTATE 40001. The retry is part of the strategy: without it, purchases would fail while tickets are
/// left.
///
/// Cost: under load nearly every transaction conflicts with another, and most of the work is rolled back: of the
/// transactions that start at the same time, one commits. The strategy is suitable if conflicts are rare, but all purchases
/// of a sale use one row.
struct Serializable: LabTableStrategy {
    /// The number of attempts before the purchase fails. The pause between two attempts grows.
    static let attempts = 200

    let name = "serializable"
    let summary = "naive at the isolation level SERIALIZABLE, with retries after conflicts"
    let pool: PostgresPool

    func buy(_ quantity: Int) async throws -> LabSale {
        var attempt = 1
        while true {
            do {
                return try await attemptToBuy(quantity)
            } catch let error as PostgresError where error.sqlState == "40001" && attempt < Self.attempts {
                // Random, so that the same transactions do not conflict again; at most 20 ms.
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
