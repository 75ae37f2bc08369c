package import Domain
import PostgresClient

/// How many rows a page of orders may read.
package struct OrderPageEffort: Hashable, Sendable {
    /// Of one statement, which must end within its timeout: 100,000 take a tenth of a second if the pages are in memory.
    package var rows = 100_000
    /// No further statement begins after this time.
    package var time = Duration.seconds(2)

    package init(rows: Int = 100_000, time: Duration = .seconds(2)) {
        self.rows = rows
        self.time = time
    }
}

/// Reading orders for operators, a page at a time.
extension Ledger {
    /// The row of an order; nil if the ledger has none.
    package func orderDetail(_ id: OrderID) async throws -> LedgerOrder? {
        try await pool.query(Statements.orderDetail, id).first
    }

    /// The ids that the orders of an event can have; nil if the ledger has no such event.
    package func orderRange(of event: EventID) async throws -> EventOrderRange? {
        try await pool.query(Statements.eventTimes, event).first.map {
            EventOrderRange(event, createdAt: $0.createdAt, updatedAt: $0.updatedAt)
        }
    }

    /// A page of orders, the highest id first. It has fewer orders than `limit` if they are the last ones, or if the filter
    /// includes so few that looking for more would exceed the effort.
    ///
    /// - Parameter last: the id of the page before after which this one begins; nil for the first page.
    package func orders(
        _ filter: OrderFilter, after last: OrderID?, limit: Int, _ effort: OrderPageEffort = OrderPageEffort()
    ) async throws -> OrderPage {
        let statement = filter.customer == nil ? Statements.ordersPage : Statements.ordersPageCustomer
        let first = filter.event?.first ?? .lowest
        let end = filter.event?.end ?? .highest
        return try await page(from: last.map { min($0, end) } ?? end, limit: limit, effort) { position, count in
            try await pool.query(
                statement,
                Statements.OrdersInRange(
                    filter: filter, low: first, high: position, scan: effort.rows, limit: count))
        }
    }

    /// A page of the orders of an event, the lowest id first.
    ///
    /// - Parameter last: the id after which the page begins; nil for the first page.
    package func orders(
        of event: EventOrderRange, after last: OrderID?, limit: Int, _ effort: OrderPageEffort = OrderPageEffort()
    ) async throws -> OrderPage {
        let start = last.map { max($0, event.first) } ?? event.first
        return try await page(from: start, limit: limit, effort) { position, count in
            try await pool.query(
                Statements.ordersExport,
                Statements.OrdersInRange(
                    filter: OrderFilter(event: event), low: position, high: event.end, scan: effort.rows, limit: count))
        }
    }

    private func page(
        from start: OrderID, limit: Int, _ effort: OrderPageEffort,
        _ read: (_ position: OrderID, _ count: Int) async throws -> [OrderPage.Row]
    ) async throws -> OrderPage {
        let begun = ContinuousClock.now
        var page = OrderPage()
        var position = start
        while true {
            page.append(try await read(position, limit - page.orders.count + 1), limit: limit)
            guard let next = page.next, page.orders.count < limit, ContinuousClock.now - begun < effort.time else {
                return page
            }
            position = next
        }
    }
}
