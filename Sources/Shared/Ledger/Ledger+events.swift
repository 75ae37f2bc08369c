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
    package func events(
        after id: String, limit: Int, _ selection: EventSelection = .notArchived
    ) async throws -> [LedgerEvent] {
        let statement =
            switch selection {
            case .notArchived: Statements.eventsList
            case .archived: Statements.eventsListArchived
            case .all: Statements.eventsListAll
            }
        return try await pool.query(statement, (after: id, limit: limit))
    }

    /// Ids of events whose sale has not ended, in their order.
    package func eventsOnSale(limit: Int) async throws -> [EventID] {
        try await pool.query(Statements.eventsOnSale, limit)
    }

    /// Ids of events of which Redis may have another state than the present one, in their order, those after `id` only.
    package func changedEvents(after id: String, limit: Int) async throws -> [EventID] {
        try await pool.query(Statements.eventsChanged, (after: id, limit: limit))
    }

    /// Ids of events whose present state Redis may lack, in their order, those after `id` only. Not those that Redis has
    /// never had and whose sale has ended.
    package func unpublishedEvents(after id: String, limit: Int) async throws -> [EventID] {
        try await pool.query(Statements.eventsUnpublished, (after: id, limit: limit))
    }

    /// Notes that a change of the event is about to reach Redis before the ledger. If the process ends in between, the
    /// next start publishes the event.
    package func noteUnpublished(_ id: EventID) async throws {
        try await pool.execute(Statements.eventUnpublished, id)
    }

    /// Creates the event, and writes the line of the audit trail in the same transaction; false if the event exists.
    package func insert(_ id: EventID, _ terms: EventTerms, by author: AuditAuthor) async throws -> Bool {
        let insert = { @Sendable (connection: PostgresConnection) async throws in
            let created = try await connection.query(Statements.eventInsert, (id: id, terms: terms, areNew: true))
            guard !created.isEmpty else { return false }
            try await connection.makeRoom(of: id, terms)
            try await connection.record(.eventCreate, of: id, before: nil, after: AuditDetails(terms), by: author)
            return true
        }
        return try await pool.withTransaction(beginningWith: insert) { $1 }
    }
}

/// Which events are listed.
package enum EventSelection: Hashable, Sendable {
    case notArchived, archived, all
}
