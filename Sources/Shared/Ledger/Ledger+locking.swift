package import Domain
import PostgresClient

/// Locking events' rows.
extension Ledger {
    /// Locks the event's row and runs `body` in the transaction that holds the lock: committed if `body` returns,
    /// rolled back if it throws. Nil if the ledger has no such event; `body` is not called then.
    @discardableResult
    package func withLockedEvent<Value: Sendable>(
        _ id: EventID, _ body: (borrowing LockedEvent) async throws -> Value
    ) async throws -> Value? {
        try await pool.withTransaction(beginningWith: { try await lock([id], on: $0) }) { connection, found in
            let (events, revisions) = found
            guard let event = events.first, let revision = revisions.first else { return nil }
            let locked = LockedEvent(event, revision: revision, on: connection)
            return try await body(locked)
        }
    }

    /// The same for several events, which are locked in the order of their ids. Events that do not exist are left out.
    @discardableResult
    package func withLockedEvents<Value: Sendable>(
        _ ids: [EventID], _ body: (borrowing LockedEvents) async throws -> Value
    ) async throws -> Value {
        try await pool.withTransaction(beginningWith: { try await lock(ids, on: $0) }) { connection, found in
            let (events, revisions) = found
            let locked = LockedEvents(events, revisions: revisions, on: connection)
            return try await body(locked)
        }
    }

    /// Revisions are drawn after the rows are locked, so that their order is the order of the locks.
    private func lock(
        _ ids: [EventID], on connection: PostgresConnection
    ) async throws -> (events: [LedgerEvent], revisions: [Int]) {
        let events = try await connection.query(Statements.eventsLock, ids)
        guard !events.isEmpty else { return ([], []) }
        return (events, try await connection.query(Statements.revisionsNext, events.count))
    }
}
