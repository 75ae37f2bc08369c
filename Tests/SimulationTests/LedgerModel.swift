@testable import Domain
@testable import Ledger
@testable import PostgresClient

/// The effect of PostgreSQL's statement on the ledger, as a value: versions, the counters of events, the CHECK
/// constraint, and the halving of a batch that violates it. A test compares it with the real ledger.
struct LedgerModel: Hashable {
    struct Event: Hashable {
        var terms: EventTerms
        var generation = 1
        var held = 0
        var sold = 0
        var leased = 0
        var revision = 0
        /// Increases with every change, like the stamp of the row.
        var changes = 0
    }

    private struct NoRoom: Error {}

    var events: [EventID: Event] = [:]
    /// The time of the last statement.
    var now: Int64 = 0
    /// The rows of the ledger.
    var rows: [OrderID: Order] = [:]

    mutating func settle(_ snapshots: [Order], lease: Int) -> [Settlement] {
        let settled = settle(Ledger.latest(of: snapshots)[...], lease: lease)
        return snapshots.map { settled[$0.id] ?? .forgotten }
    }

    private mutating func settle(_ orders: ArraySlice<Order>, lease: Int) -> [OrderID: Settlement] {
        let before = self
        do {
            return try write(orders, lease: lease)
        } catch {
            self = before
            guard orders.count > 1 else { return reject(orders) }
            let middle = orders.startIndex + orders.count / 2
            let first = settle(orders[..<middle], lease: lease)
            return first.merging(settle(orders[middle...], lease: lease)) { $1 }
        }
    }

    private mutating func reject(_ orders: ArraySlice<Order>) -> [OrderID: Settlement] {
        guard var order = orders.first else { return [:] }
        let before = rows[order.id]
        if before == nil || before?.state == .waiting && before?.version ?? 0 < order.version {
            order.state = .rejected
            order.reason = "oversold"
            order.ledgerVersion = order.version
            order.sequence = nil
            rows[order.id] = order
            events[order.event]?.changes += 1
        }
        return [order.id: standing(order.id)]
    }

    private func standing(_ id: OrderID) -> Settlement {
        guard let row = rows[id] else { return .forgotten }
        return row.state == .rejected
            ? .rejected(reason: row.reason ?? "") : .recorded(version: row.version, confirmedAt: row.confirmedAt)
    }

    private mutating func write(_ orders: ArraySlice<Order>, lease: Int) throws -> [OrderID: Settlement] {
        var settlements: [OrderID: Settlement] = [:]
        now += 1
        var touched: Set<EventID> = []
        for order in orders {
            guard let event = events[order.event] else {
                settlements[order.id] = .unsettleable(reason: "the event is not in the ledger")
                continue
            }
            guard event.generation == order.generation else {
                settlements[order.id] =
                    event.generation > order.generation ? .forgotten : .unsettleable(reason: "ahead")
                continue
            }
            let before = rows[order.id]
            guard before == nil || before?.state != .rejected && before?.version ?? 0 < order.version else {
                settlements[order.id] = standing(order.id)
                continue
            }
            var row = order
            if row.state == .pending { (row.state, row.confirmedAt) = (.confirmed, Timestamp(milliseconds: now)) }
            row.ledgerVersion = row.version
            row.sequence = nil
            rows[order.id] = row
            events[order.event]?.move(from: before?.state, to: row.state, order.quantity)
            touched.insert(order.event)
            settlements[order.id] = .recorded(version: row.version, confirmedAt: row.confirmedAt)
        }
        for event in touched {
            guard let present = events[event], present.held >= 0, present.sold >= 0,
                present.held + present.sold <= present.terms.capacity
            else { throw NoRoom() }
            events[event]?.leased = max(present.leased, lease)
            events[event]?.changes += 1
        }
        return settlements
    }

    /// The backfill rows of an event, in the order of the order ids.
    func ordersToBackfill(of id: EventID) -> [(id: String, row: BackfillRow)] {
        rows.values.filter { $0.event == id }.sorted { $0.id.description < $1.id.description }.compactMap { order in
            let needsRecord = [.held, .waiting].contains(order.state) || order.id.isMadeFromKey
            guard needsRecord || order.customer != nil && order.state.holdsUnits else { return nil }
            let units = order.state.holdsUnits ? order.quantity : 0
            return (
                order.id.description,
                BackfillRow(customer: order.customer, units: units, record: needsRecord ? order : nil)
            )
        }
    }

    /// A connection that is not open; the locked events of the model do not use it.
    private static let connection = PostgresConnection(statementTimeout: .zero)

    /// Locks an event for its publication.
    mutating func lock(_ id: EventID) -> LockedEvent? {
        events[id]?.revision += 1
        guard let event = events[id] else { return nil }
        let row = LedgerEvent(
            id: id, terms: event.terms, held: event.held, sold: event.sold, generation: event.generation,
            publishedGeneration: event.generation, stamp: String(event.changes))
        return LockedEvent(row, revision: event.revision, on: Self.connection)
    }
}

extension LedgerModel.Event {
    fileprivate mutating func move(from before: OrderState?, to after: OrderState, _ units: Int) {
        if before == .held { held -= units }
        if before == .confirmed { sold -= units }
        if after == .held { held += units }
        if after == .confirmed { sold += units }
    }
}
