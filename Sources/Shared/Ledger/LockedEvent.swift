package import Domain
import PostgresClient

/// An event whose row is locked. Only the ledger makes one (``Ledger/withLockedEvent(_:_:)``), and it exists only while
/// the transaction that holds the lock is open: it cannot be copied, stored or sent to another task.
@dynamicMemberLookup
package struct LockedEvent: ~Copyable {
    /// The row at the time of the lock.
    package let event: LedgerEvent
    /// The number of what Redis receives about the event under this lock. Redis ignores what has a lower number than
    /// what it has.
    package let revision: Int
    private let connection: PostgresConnection

    init(_ event: LedgerEvent, revision: Int, on connection: PostgresConnection) {
        self.event = event
        self.revision = revision
        self.connection = connection
    }

    package subscript<Value>(dynamicMember keyPath: KeyPath<LedgerEvent, Value>) -> Value { event[keyPath: keyPath] }

    // MARK: Changes, each with its line in the audit trail

    /// Sets the event's terms. Terms that are the present ones leave no line.
    package func update(_ terms: EventTerms, by author: AuditAuthor) async throws {
        let areNew = terms != event.terms
        try await connection.execute(Statements.eventUpdate, (id: event.id, terms: terms, areNew: areNew))
        guard areNew else { return }
        try await connection.makeRoom(of: event.id, terms)
        let (before, after) = (AuditDetails(event.terms), AuditDetails(terms))
        try await connection.record(
            .eventChange, of: event.id, before: before.without(after), after: after.without(before), by: author)
    }

    /// Begins a new generation: the counters are zero and the orders are deleted. Deleting may take 60 seconds.
    package func renew(capacity: Int, by author: AuditAuthor) async throws {
        var terms = event.terms
        terms.capacity = capacity
        var details = AuditDetails(terms)
        details["reset"] = .flag(true)
        try await connection.execute(Statements.eventRenew, (id: event.id, capacity: capacity, details: details))
        try await connection.makeRoom(of: event.id, terms)
        var (before, after) = (AuditDetails(), AuditDetails())
        before["capacity"] = .number(event.terms.capacity)
        before["held"] = .number(event.held)
        before["sold"] = .number(event.sold)
        after["capacity"] = .number(capacity)
        try await connection.record(.eventReset, of: event.id, before: before, after: after, by: author)
        try await connection.set(.statement, to: .seconds(60))
        try await connection.execute(Statements.ordersDelete, event.id, timeout: .seconds(61))
    }

    /// Deletes the event, which has no orders.
    package func delete(by author: AuditAuthor) async throws {
        var details = AuditDetails()
        details["deleted"] = .flag(true)
        try await connection.execute(Statements.eventDelete, (id: event.id, details: details))
        try await connection.record(
            .eventDelete, of: event.id, before: AuditDetails(event.terms), after: nil, by: author)
    }

    // MARK: Reading what the lock keeps from changing

    /// Those of some orders of the event that the ledger has.
    package func orders(_ ids: [OrderID]) async throws -> [Order] {
        guard !ids.isEmpty else { return [] }
        return try await connection.query(Statements.ordersFind, ids)
    }

    /// Whether the ledger has an order of the event. Reading may take 60 seconds: without one, it reads all orders.
    package func hasOrders() async throws -> Bool {
        if event.held + event.sold > 0 { return true }
        try await connection.set(.statement, to: .seconds(60))
        return try await connection.query(Statements.eventHasOrders, event.id, timeout: .seconds(61)).first ?? true
    }

    /// The state and version of those of some orders that the ledger has.
    package func versions(of ids: [OrderID]) async throws -> [OrderID: OrderVersion] {
        guard !ids.isEmpty else { return [:] }
        let rows = try await connection.query(Statements.orderVersions, ids)
        return Dictionary(rows.map { ($0.id, $0.order) }) { $1 }
    }

    /// Units of some customers of the event; customers without units are left out.
    package func units(of customers: [String]) async throws -> [String: Int] {
        guard !customers.isEmpty else { return [:] }
        let rows = try await connection.query(Statements.customerUnits, (event: event.id, customers: customers))
        return Dictionary(rows.map { ($0.customer, $0.units) }) { $1 }
    }
}

@available(*, unavailable)
extension LockedEvent: Sendable {}

/// Events whose rows are locked, in the order of their ids.
package struct LockedEvents: ~Copyable {
    /// The rows at the time of the lock.
    package let events: [LedgerEvent]
    private let revisions: [Int]
    private let connection: PostgresConnection

    init(_ events: [LedgerEvent], revisions: [Int], on connection: PostgresConnection) {
        self.events = events
        self.revisions = revisions
        self.connection = connection
    }

    package func forEach(_ body: (borrowing LockedEvent) throws -> Void) rethrows {
        for (event, revision) in zip(events, revisions) {
            let locked = LockedEvent(event, revision: revision, on: connection)
            try body(locked)
        }
    }

    /// The rooms of the events that have one. Their marks stay as they are until the transaction ends, so that what Redis
    /// receives under the locks is not below them.
    package func rooms() async throws -> [EventID: RoomMarks] {
        let ids = events.filter(\.terms.hasRoom).map(\.id)
        guard !ids.isEmpty else { return [:] }
        let rooms = try await connection.query(Statements.roomsLock, ids).map(\.marks)
        return Dictionary(rooms.map { ($0.event, $0) }) { $1 }
    }

    /// Notes that Redis has the present state of some of the events.
    package func markPublished(_ ids: [EventID]) async throws {
        try await connection.execute(Statements.eventsPublished, ids)
    }
}

@available(*, unavailable)
extension LockedEvents: Sendable {}
