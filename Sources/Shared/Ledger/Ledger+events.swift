package import Domain
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

    /// Notes that a change of the event is about to reach Redis before the ledger. If the process ends in between, the
    /// next start publishes the event.
    package func noteUnpublished(_ id: EventID) async throws {
        try await pool.execute(Statements.eventUnpublished, id)
    }

    /// Creates the event; false if it exists.
    package func insert(_ id: EventID, _ terms: EventTerms) async throws -> Bool {
        try await pool.execute(Statements.eventInsert, (id: id, terms: terms)) == 1
    }
}
