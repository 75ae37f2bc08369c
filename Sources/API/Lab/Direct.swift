import PostgresClient

/// ``Naive`` with a connection of its own for every purchase, and no limit on how many: **it oversells, and fails besides.**
///
/// Why it fails: each connection is a process in Postgres, which takes `max_connections` of them (100 by default) and tells
/// the others "too many clients already" (SQLSTATE 53300). A crowd of 200 is enough, and those refused are not only buyers:
/// whatever else wants a connection at that moment is turned away too. All other strategies share a pool of 25; there the
/// crowd waits for its turn, and is served faster for it, as Postgres has no 200 processes to switch between.
///
/// Besides, a connection costs more than the purchase: a new process, and the proof of the password by SCRAM, which is made
/// to be slow.
struct Direct: LabTableStrategy {
    let name = "direct"
    let summary = "naive without a pool: a connection for every purchase; 200 buyers are too many clients"
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
