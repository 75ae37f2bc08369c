import Domain
import Engine

/// The implementation of `POST /buy`, with an event of the lab's own. **Exact, and no order is lost.**
///
/// Why: it extends ``RedisLua``. The same script also writes the order's record and its queue entry, and everything is on
/// disk before the response. A worker writes the orders to Postgres, many in one transaction, and Postgres checks again:
/// `CHECK (sold + held <= capacity)`.
///
/// Cost: the response is a promise (202); the row exists some milliseconds later. A second program has to run. In return, a
/// purchase waits for no row of Postgres, and concurrent purchases share one sync of the disk; docs/races.md has the
/// measurements.
struct QueueStrategy: LabStrategy {
    let name = "queue"
    let summary = "POST /buy: a Lua script claims and queues in one step, a worker writes to Postgres"
    let inventory: Inventory
    let catalogue: EventCatalogue

    func prepare(capacity: Int, by author: AuditAuthor) async throws {
        try await catalogue.ensure(.lab, EventTerms(name: "Lab", capacity: capacity), by: author)
    }

    func reset(to capacity: Int, by author: AuditAuthor) async throws {
        _ = try await catalogue.reset(.lab, capacity: capacity, by: author)
    }

    func buy(_ quantity: Int) async throws -> LabSale {
        let purchase = Purchase(
            id: inventory.makeOrderID(for: .lab, at: .now), event: .lab, quantity: quantity, customer: nil)
        switch try await inventory.claim(purchase) {
        case .accepted(let acceptance): return .accepted(purchase, acceptance)
        case .refused(.soldOut), .refused(.insufficientStock): return .soldOut
        // A purchase of the lab has no idempotency key.
        case .clientRequired: return .refused(.customerRequired)
        case .inLedger: return .refused(.idempotencyKeyReused)
        case .refused(let refusal): return .refused(refusal)
        }
    }

    func account() async throws -> LabAccount {
        guard let report = try await catalogue.report(.lab) else { return LabAccount(capacity: 0, sold: 0, stock: 0) }
        // A pending order counts as sold.
        return LabAccount(
            capacity: report.terms.capacity, sold: report.sold + report.pending, stock: report.available)
    }
}
