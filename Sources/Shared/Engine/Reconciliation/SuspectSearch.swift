import Domain
import Ledger
import Timing

/// Searches for customers and orders of an event that may be wrong in Redis, in slices and without a lock. Under load
/// the result includes some whose snapshots are only in flight; it never misses one that stays wrong.
struct SuspectSearch: Sendable {
    /// Entries of one slice: they occupy Redis for about a millisecond.
    private static let sliceSize = 1000
    /// Maximum result of one search; the next search finds the rest.
    private static let limit = 2000
    /// Comparisons of the customers found, each after a pause: most temporary differences disappear in between.
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

    /// Customers whose units differ from the ledger's; for a small event, all its customers.
    func customers() async throws -> [String] {
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
        var suspects = try await ledger.withCustomerTable(of: event.id) { table in
            try await differing(in: table) + missing(in: table)
        }
        for _ in 0..<Self.rounds where !suspects.isEmpty {
            try await Task.sleep(for: Self.pause)
            let present = suspects
            let units = try await ledger.units(of: present, in: event.id)
            let found = try await inventory.units(of: present, in: event.id)
            suspects = zip(present, found).filter { units[$0] ?? 0 != $1 }.map(\.0)
        }
        return suspects
    }

    /// Customers of the ledger whose units in Redis differ.
    private func differing(in table: Ledger.CustomerTable) async throws -> [String] {
        var suspects: [String] = []
        var last: String?
        while suspects.count < Self.limit {
            let page = try await table.customers(after: last, limit: Self.sliceSize)
            let found = try await inventory.units(of: page.map(\.customer), in: event.id)
            suspects += zip(page, found).filter { $0.units != $1 }.map(\.0.customer)
            guard page.count == Self.sliceSize else { break }
            last = page.last?.customer
        }
        return Array(suspects.prefix(Self.limit))
    }

    /// Customers that only Redis has.
    private func missing(in table: Ledger.CustomerTable) async throws -> [String] {
        var suspects: Set<String> = []
        var cursor = "0"
        repeat {
            let (page, next) = try await inventory.customers(of: event.id, from: cursor)
            suspects.formUnion(try await table.missing(page))
            cursor = next
        } while cursor != "0" && suspects.count < Self.limit
        return Array(suspects.prefix(Self.limit))
    }

    /// Orders that are held or whose idempotency keys have not expired, and that lack their record or their hold.
    func orders() async throws -> [OrderID] {
        var suspects: [OrderID] = []
        var last: OrderID?
        while suspects.count < Self.limit {
            let page = try await ledger.recordedOrders(of: event, after: last, limit: Self.sliceSize)
            suspects += try await inventory.unsupported(page, of: event.id).map(\.id)
            guard page.count == Self.sliceSize else { break }
            last = page.last?.id
        }
        return Array(suspects.prefix(Self.limit))
    }
}
