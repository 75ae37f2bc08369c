package import Domain
import PostgresClient

/// Waiting rooms.
extension Ledger {
    /// The room of a generation of an event; nil if it has none.
    package func room(of event: EventID, generation: Int) async throws -> LedgerRoom? {
        try await pool.query(Statements.roomFind, (event: event, generation: generation)).first
    }

    /// Raises the marks of a room; a mark that is higher already stays, and so does the draw. Returns the marks as they are
    /// then, once they are committed; nil if there is no such room.
    package func raise(_ marks: RoomMarks) async throws -> RoomMarks? {
        try await pool.query(Statements.roomMark, marks).first?.marks
    }
}

extension PostgresConnection {
    /// Makes the room of an event, in the transaction that gives the event its admission rate or its generation.
    func makeRoom(of event: EventID, _ terms: EventTerms) throws {
        guard terms.hasRoom else { return }
        _ = try execute(Statements.roomInsert, (event: event, secret: InstallationSecret()))
    }
}
