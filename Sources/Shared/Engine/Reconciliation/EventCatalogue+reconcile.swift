import Domain
import Ledger
import PostgresClient
import RedisSchema

extension EventCatalogue {
    /// Compares what both stores say of an event, at any time and under any load, and repairs what is safe to repair: its
    /// counters, the units of its customers, and the records and holds of its orders.
    ///
    /// What may differ is looked for in slices, with nothing locked; it is held against the ledger with the event's row
    /// locked, so orders of the event reach the ledger a moment later: see ``ExpectedCounts``.
    package func reconcile(_ id: EventID) async throws -> Reconciliation {
        guard let event = try await ledger.event(id) else { throw CatalogueError.eventUnknown }
        guard try await inventory.event(id) != nil else { return Self.notLoaded(id) }
        let search = SuspectSearch(self, event)
        return try await compare(id, customers: try await search.customers(), orders: try await search.orders())
    }

    /// The same for orders that reached the ledger late, after Redis may have been filled without them: of what hangs on
    /// orders, theirs only is compared.
    package func reconcile(_ id: EventID, late orders: [Order]) async throws -> Reconciliation {
        let mine = orders.filter { $0.event == id }
        return try await compare(id, customers: Array(Set(mine.compactMap(\.customer))), orders: mine.map(\.id))
    }

    /// The same for a page of events, in the order of their ids, those after `id` only.
    package func reconcileAll(after id: String, limit: Int) async throws -> [Reconciliation] {
        var results: [Reconciliation] = []
        for event in try await ledger.events(after: id, limit: limit) { results.append(try await reconcile(event.id)) }
        return results
    }

    private static func notLoaded(_ id: EventID) -> Reconciliation {
        Reconciliation(event: id, outcome: .notCompared("it is not on sale in Redis"))
    }

    /// - Parameters:
    ///   - customers: whose units may differ.
    ///   - orders: which may lack their records or holds.
    private func compare(_ id: EventID, customers: [String], orders: [OrderID]) async throws -> Reconciliation {
        try await ledger.pool.withTransaction { connection in
            guard let event = try await Ledger.lock(id, on: connection) else { throw CatalogueError.eventUnknown }
            let units = try await Ledger.units(of: customers, in: id, on: connection)
            let survey: EventSurvey
            switch try await inventory.survey(event, customers: customers) {
            case .found(let found): survey = found
            case .tooMany(let count):
                return Reconciliation(
                    event: id, outcome: .notCompared("\(count) orders are on their way, too many to look through"))
            case .notLoaded, .batchesChanged: return Self.notLoaded(id)
            }
            guard survey.capacity == event.terms.capacity else {
                return Reconciliation(event: id, outcome: .notCompared("a change of its capacity is under way"))
            }
            let rows = try await Ledger.versions(of: survey.snapshots.map(\.id), on: connection)
            let books = ExpectedCounts(event, rows: rows, customers: units, survey)
            let lacking = try await lacking(orders, of: event, survey, on: connection)
            return try await repair(event, books, lacking)
        }
    }

    /// Those of the orders that lack something, and of which no snapshot is on its way that would say otherwise.
    private func lacking(
        _ ids: [OrderID], of event: LedgerEvent, _ survey: EventSurvey, on connection: PostgresConnection
    ) async throws -> [Order] {
        guard survey.unreadable == 0 else { return [] }
        let inFlight = Set(survey.snapshots.map(\.id))
        let orders = try await Ledger.orders(ids.filter { !inFlight.contains($0) }, on: connection)
        return try await inventory.unsupported(orders, of: event.id)
    }

    private func repair(_ event: LedgerEvent, _ books: ExpectedCounts, _ lacking: [Order]) async throws
        -> Reconciliation
    {
        var result = Reconciliation(
            event: event.id, outcome: .consistent, drift: books.drift, customers: books.customerDrift.count,
            records: lacking.count, inFlight: books.inFlight)
        guard result.isDrift else { return result }
        let (repair, moves) = (books.repair, books.customerRepair)
        if repair != UnitCounts() { _ = try await inventory.adjust(event, by: repair) }
        if !moves.isEmpty || !lacking.isEmpty {
            _ = try await inventory.mend(event, customers: moves, orders: lacking)
        }
        let isRepaired = repair == UnitCounts() - books.drift && moves.count == books.customerDrift.count
        result.outcome = isRepaired ? .repaired : .notSafeToRepair
        return result
    }
}
