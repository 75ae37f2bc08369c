import PostgresClient

/// ``Naive`` with a new connection for every purchase, without a limit: **it oversells, and it fails under load.**
///
/// Why it fails: each connection is a process in Postgres. Postgres accepts `max_connections` of them (100 by default) and
/// refuses the others with "too many clients already" (SQLSTATE 53300). 200 clients are enough to reach the limit. Then every
/// other program that connects is refused too. All other strategies share a pool of 25 connections: purchases wait for a
/// connection, and are faster, because Postgres does not switch between 200 processes.
///
/// A connection also costs more than the purchase: a new process, and the SCRAM authentication, which is slow by design.
struct Direct: LabTableStrategy {
    let name = "direct"
    let summary = "naive without a pool: a connection for every purchase; fails with 200 clients"
    let isExact = false
    let pool: PostgresPool
    let configuration: PostgresConfiguration

    func buy(_ quantity: Int) async throws -> LabSale {
        let own = PostgresPool(configuration)
        do {
            let sale = try await own.withTransaction { connection -> LabSale in
                let stock = try await LabTable.stock(of: name, on: connection)
                guard stock >= quantity else { return .soldOut }
                try await LabTable.sell(quantity, of: name, on: connection)
                return .sold
            }
            await own.close()
            return sale
        } catch {
            await own.close()
            throw error
        }
    }
}
