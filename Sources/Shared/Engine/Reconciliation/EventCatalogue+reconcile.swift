package import Domain
import Ledger
import RedisSchema

extension EventCatalogue {
    /// Compares an event in both stores, at any time and under any load, and repairs what can be repaired safely: its
    /// counters, the units of its customers, and the records and holds of its orders.
    ///
    /// Possible differences are searched for in slices, without a lock. They are then compared with the ledger while
    /// the event's row is locked, which delays the settlement of the event's orders: see ``ExpectedCounts``. The orders in
    /// flight are read in parts, each of which occupies Redis for 1 ms.
    package func reconcile(_ id: EventID) async throws -> Reconciliation {
        guard let event = try await ledger.event(id) else { throw CatalogueError.eventUnknown }
        guard try await inventory.event(id) != nil else { return Self.notLoaded(id) }
        let search = DifferenceSearch(self, event)
        return try await compare(
            id, customers: try await search.candidateCustomers(), orders: try await search.candidateOrders())
    }

    /// The same for orders that reached the ledger late, possibly after Redis was backfilled without them: of
    /// customers, records and holds, only those of these orders are compared.
    package func reconcile(_ id: EventID, late orders: [Order]) async throws -> Reconciliation {
        let mine = orders.filter { $0.event == id }
        return try await compare(id, customers: Array(Set(mine.compactMap(\.customer))), orders: mine.map(\.id))
    }

    /// The same for up to `limit` events in the order of their ids, those after `id` only.
    package func reconcileAll(after id: String, limit: Int) async throws -> [Reconciliation] {
        var results: [Reconciliation] = []
        for event in try await ledger.events(after: id, limit: limit) { results.append(try await reconcile(event.id)) }
        return results
    }

    private static func notLoaded(_ id: EventID) -> Reconciliation { notCompared(id, "it is not on sale in Redis") }

    private static func notCompared(_ id: EventID, _ reason: String) -> Reconciliation {
        Reconciliation(event: id, outcome: .notCompared(reason))
    }

    /// - Parameters:
    ///   - customers: those whose units may differ.
    ///   - orders: those that may lack a record or a hold.
    private func compare(_ id: EventID, customers: [String], orders: [OrderID]) async throws -> Reconciliation {
        let result = try await ledger.withLockedEvent(id) { event in
            let units = try await event.units(of: customers)
            guard let (survey, inFlight) = try await inventory.survey(event, customers: customers) else {
                return Self.notLoaded(id)
            }
            guard survey.capacity == event.terms.capacity else {
                return Self.notCompared(id, "its capacity is being changed")
            }
            var rows: [OrderID: OrderVersion] = [:]
            for ids in inFlight.ids(inPartsOf: Self.partSize) {
                rows.merge(try await event.versions(of: ids)) { $1 }
            }
            let expected = ExpectedCounts(event.event, rows: rows, customers: units, survey, inFlight)
            let lacking = try await lacking(orders, of: event, inFlight)
            return try await repair(event, expected, lacking)
        }
        guard let result else { throw CatalogueError.eventUnknown }
        return result
    }

    /// Orders of one query of the ledger.
    private static let partSize = 10_000

    /// Those of the orders that lack a record or a hold. Orders with a snapshot in flight are left out: the snapshot
    /// may be later than the ledger's version.
    private func lacking(
        _ ids: [OrderID], of event: borrowing LockedEvent, _ inFlight: InFlightOrders
    ) async throws -> [Order] {
        guard inFlight.unreadable == 0 else { return [] }
        let orders = try await event.orders(ids.filter { !inFlight.contains($0) })
        return try await inventory.ordersLackingData(orders, of: event.id)
    }

    private func repair(
        _ event: borrowing LockedEvent, _ expected: ExpectedCounts, _ lacking: [Order]
    ) async throws -> Reconciliation {
        var result = Reconciliation(
            event: event.id, outcome: .consistent, drift: expected.drift, customers: expected.customerDrift.count,
            records: lacking.count, inFlight: expected.inFlight)
        guard result.isDrift else { return result }
        let (repair, moves) = (expected.repair, expected.customerRepair)
        if repair != UnitCounts() { _ = try await inventory.adjust(event, by: repair) }
        if !moves.isEmpty || !lacking.isEmpty {
            _ = try await inventory.repair(event, customers: moves, orders: lacking)
        }
        let isRepaired = repair == UnitCounts() - expected.drift && moves.count == expected.customerDrift.count
        result.outcome = isRepaired ? .repaired : .notSafeToRepair
        return result
    }
}
