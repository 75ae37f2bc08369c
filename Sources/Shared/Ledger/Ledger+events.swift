import Domain
import PostgresClient

/// Reading and creating events.
extension Ledger {
    /// The event; nil if the ledger has none.
    package func event(_ id: EventID) async throws -> LedgerEvent? {
        try await events([id]).first
    }

    /// Events by their ids, in no particular order; those that do not exist are left out.
    package func events(_ ids: [EventID]) async throws -> [LedgerEvent] {
        try await pool.query(Statements.eventsFind, ids)
    }

    /// Events in the order of their ids, those after `id` only.
    package func events(after id: String, limit: Int) async throws -> [LedgerEvent] {
        try await pool.query(Statements.eventsList, (after: id, limit: limit))
    }

    /// Ids of events whose present state Redis may lack, in their order, those after `id` only.
    package func unpublishedEvents(after id: String, limit: Int) async throws -> [EventID] {
        try await pool.query(Statements.eventsUnpublished, (after: id, limit: limit))
    }

    /// Notes that a change of the event is about to reach Redis before the ledger. If the process ends in between, the next
    /// start publishes the event.
    package func noteUnpublished(_ id: EventID) async throws {
        try await pool.execute(Statements.eventUnpublished, id)
    }

    // MARK: In a transaction

    /// Locks the event's row until the transaction ends.
    package static func lock(_ id: EventID, on connection: PostgresConnection) async throws -> LedgerEvent? {
        try await lock([id], on: connection).first
    }

    /// Locks the events' rows in the order of their ids until the transaction ends.
    package static func lock(_ ids: [EventID], on connection: PostgresConnection) async throws -> [LedgerEvent] {
        var events = try await connection.query(Statements.eventsLock, ids)
        guard !events.isEmpty else { return [] }
        // Drawn after the rows are locked, so that the order of the numbers is the order of the locks.
        let revisions = try await connection.query(Statements.revisionsNext, events.count)
        for (index, revision) in zip(events.indices, revisions) { events[index].revision = revision }
        return events
    }

    /// Creates the event; false if it exists.
    package static func insert(_ id: EventID, _ terms: EventTerms, on connection: PostgresConnection) async throws
        -> Bool
    {
        try await connection.execute(Statements.eventInsert, (id: id, terms: terms)) == 1
    }

    package static func update(_ id: EventID, _ terms: EventTerms, on connection: PostgresConnection) async throws {
        try await connection.execute(Statements.eventUpdate, (id: id, terms: terms))
    }

    package static func markPublished(_ ids: [EventID], on connection: PostgresConnection) async throws {
        try await connection.execute(Statements.eventsPublished, ids)
    }

    /// Begins a new generation: the counters are zero and the orders are gone. Deleting many takes its time.
    package static func renew(_ id: EventID, capacity: Int, on connection: PostgresConnection) async throws {
        try await connection.execute(Statements.eventRenew, (id: id, capacity: capacity))
        try await connection.set(.statement, to: .seconds(60))
        try await connection.execute(Statements.ordersDelete, id, timeout: .seconds(61))
    }
}
