import Domain
import Engine

/// What `POST /buy` does, on an event of the lab's own. **Exact, and every order is kept.**
///
/// Why: as ``RedisLua`` with the order's record and its place in a queue written in the same script, and all of it on disk
/// before the answer. A worker brings the orders into Postgres, many in one transaction, and Postgres counts again:
/// `CHECK (sold + held <= capacity)`.
///
/// The cost: the answer is a promise (202), not a row; it is a row some milliseconds later. And there is a second program to
/// run. What it buys is that a purchase waits for no row of Postgres and shares its sync of the disk with all that came at
/// the same moment; see docs/races.md for the stats.
struct QueueStrategy: LabStrategy {
    let name = "queue"
    let summary = "the real path: Lua claims and queues in one step, a worker brings it into Postgres"
    let inventory: Inventory
    let catalogue: EventCatalogue

    func prepare(capacity: Int) async throws {
        try await catalogue.ensure(.lab, EventTerms(name: "Lab", capacity: capacity))
    }

    func reset(to capacity: Int) async throws {
        _ = try await catalogue.reset(.lab, capacity: capacity)
    }

    func buy(_ quantity: Int) async throws -> LabSale {
        let purchase = Purchase(
            id: inventory.makeOrderID(for: .lab, at: .now), event: .lab, quantity: quantity, customer: nil)
        switch try await inventory.claim(purchase) {
        case .accepted(let acceptance): return .accepted(purchase, acceptance)
        case .refused(.soldOut), .refused(.insufficientStock): return .soldOut
        case .refused(let refusal): return .refused(refusal)
        }
    }

    func account() async throws -> LabAccount {
        guard let report = try await catalogue.report(.lab) else { return LabAccount(capacity: 0, sold: 0, stock: 0) }
        // What is on its way to the ledger is sold.
        return LabAccount(
            capacity: report.terms.capacity, sold: report.sold + report.pending, stock: report.available)
    }
}
