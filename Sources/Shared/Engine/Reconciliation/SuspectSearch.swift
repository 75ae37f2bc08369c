import Domain
import Ledger
import Timing

/// Looks for customers and orders of an event whose account in Redis may be wrong, in slices and with nothing locked. Under
/// load it finds some that are only on their way to the ledger; it never misses one that stays wrong.
struct SuspectSearch: Sendable {
    /// Of a slice: Redis does nothing else for about a millisecond.
    private static let sliceSize = 1000
    /// Found in one search; what is beyond is found by the next.
    private static let limit = 2000
    /// Most that differ only for the moment agree a little later.
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

    /// Customers whose units differ from the ledger's; of a small event, all that it has.
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

    /// Those that the ledger has, in its order.
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

    /// Those that only Redis has.
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

    /// Orders that are held, or whose idempotency keys are still good, and lack their record or their hold.
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
