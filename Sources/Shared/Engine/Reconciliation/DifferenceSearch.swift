import Domain
import Ledger
import Timing

/// Searches for customers and orders of an event that may be wrong in Redis, in slices and without a lock. Under load
/// the result includes some that differ only because snapshots are in flight. It includes every lasting difference, up
/// to the limit of 2,000.
struct DifferenceSearch: Sendable {
    /// Entries of one slice, which occupy Redis for about 1 ms.
    private static let sliceSize = 1000
    /// Maximum result of one search; the next search finds the rest.
    private static let limit = 2000
    /// Further comparisons of the customers found, each after a pause: most temporary differences disappear in between.
    private static let rounds = 3
    private static let pause = Duration.milliseconds(200)

    private let catalogue: EventCatalogue
    private let event: LedgerEvent
    private var inventory: Inventory { catalogue.inventory }
    private var ledger: Ledger { catalogue.ledger }

    init(_ catalogue: EventCatalogue, _ event: LedgerEvent) {
        self.catalogue = catalogue
        self.event = event
    }

    /// Customers whose units may differ from the ledger's; for a small event, all its customers.
    func candidateCustomers() async throws -> [String] {
        if event.held + event.sold <= Self.limit {
            var (page, cursor) = try await inventory.customers(of: event.id, from: "0")
            if page.count <= Self.limit {
                while cursor != "0", page.count <= Self.limit {
                    let next = try await inventory.customers(of: event.id, from: cursor)
                    page += next.page
                    cursor = next.next
                }
                return Array(Set(page + (try await ledger.customers(of: event.id, limit: Self.limit))))
            }
        }
        var candidates = try await ledger.withCustomerTable(of: event.id) { table in
            try await customersWithOtherUnits(in: table) + customersWithoutOrders(in: table)
        }
        for _ in 0..<Self.rounds where !candidates.isEmpty {
            try await Task.sleep(for: Self.pause)
            let present = candidates
            let units = try await ledger.units(of: present, in: event.id)
            let found = try await inventory.units(of: present, in: event.id)
            candidates = zip(present, found).filter { units[$0] ?? 0 != $1 }.map(\.0)
        }
        return candidates
    }

    /// Customers of the ledger whose units in Redis differ.
    private func customersWithOtherUnits(in table: Ledger.CustomerTable) async throws -> [String] {
        var candidates: [String] = []
        var last: String?
        while candidates.count < Self.limit {
            let page = try await table.customers(after: last, limit: Self.sliceSize)
            let found = try await inventory.units(of: page.map(\.customer), in: event.id)
            candidates += zip(page, found).filter { $0.units != $1 }.map(\.0.customer)
            guard page.count == Self.sliceSize else { break }
            last = page.last?.customer
        }
        return Array(candidates.prefix(Self.limit))
    }

    /// Customers that have units in Redis but none in the ledger.
    private func customersWithoutOrders(in table: Ledger.CustomerTable) async throws -> [String] {
        var candidates: Set<String> = []
        var cursor = "0"
        repeat {
            let (page, next) = try await inventory.customers(of: event.id, from: cursor)
            candidates.formUnion(try await table.missing(page))
            cursor = next
        } while cursor != "0" && candidates.count < Self.limit
        return Array(candidates.prefix(Self.limit))
    }

    /// Orders that may lack data in Redis: held orders, and orders whose idempotency keys have not expired.
    func candidateOrders() async throws -> [OrderID] {
        var candidates: [OrderID] = []
        var last: OrderID?
        while candidates.count < Self.limit {
            let page = try await ledger.recordedOrders(of: event, after: last, limit: Self.sliceSize)
            candidates += try await inventory.ordersLackingData(page, of: event.id).map(\.id)
            guard page.count == Self.sliceSize else { break }
            last = page.last?.id
        }
        return Array(candidates.prefix(Self.limit))
    }
}
