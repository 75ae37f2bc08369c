extension EventCatalogue {
    /// Puts back what hangs on the orders of an event that is missing in Redis; the answer is the filling's token. The
    /// event's counters then count orders that were set aside on their way to the ledger, too.
    func fill(_ event: inout LedgerEvent, on connection: PostgresConnection) async throws -> String {
        let id = event.id
        let token = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        guard try await inventory.fill([], of: id, token: token, isFirst: true) else {
            throw CatalogueError.recovering
        }
        try await Ledger.eachPage(toFill: id, size: Inventory.pageSize, on: connection) { page in
            guard try await inventory.fill(page, of: id, token: token, isFirst: false) else {
                throw CatalogueError.recovering
            }
        }
        let stranded = try await stranded(of: event, on: connection)
        for order in stranded { event.count(order) }
        for start in stride(from: 0, to: stranded.count, by: Inventory.pageSize) {
            let page = Array(stranded[start..<min(start + Inventory.pageSize, stranded.count)])
            guard try await inventory.fill(page, of: id, token: token, isFirst: false) else {
                throw CatalogueError.recovering
            }
        }
        return token
    }

    /// Orders that were set aside and of which the ledger has nothing: their units are claimed all the same.
    private func stranded(of event: LedgerEvent, on connection: PostgresConnection) async throws -> [Order] {
        let letters = try await OrderQueue.deadLetters(
            in: partitioning.home(of: event.id), on: inventory.client.connection, limit: .max)
        let orders = letters.compactMap(\.order).filter {
            $0.event == event.id && $0.generation == event.generation && $0.state.holdsUnits
        }
        let known = try await Ledger.versions(of: orders.map(\.id), on: connection)
        return Ledger.latest(of: orders).filter { known[$0.id] == nil }
    }
}

extension LedgerEvent {
    /// Counts an order that the ledger does not have.
    fileprivate mutating func count(_ order: Order) {
        var counts = UnitCounts(pending: pending, held: held, sold: sold)
        counts.count(order.state, order.quantity)
        (pending, held, sold) = (counts.pending, counts.held, counts.sold)
    }
}
