import Domain
import PostgresClient

/// Statements on waiting rooms.
extension Statements {
    static let rooms: [any AnyPostgresStatement] = [roomInsert, roomsLock, roomFind, roomMark]

    static let roomInsert = PostgresStatement<(event: EventID, secret: InstallationSecret), Never>(
        "room_insert", sql: PackageResources.room_insert_sql,
        parameters: ["event_id": { $0.event }, "secret": { $0.secret.hexadecimal }])

    static let roomsLock = PostgresStatement<[EventID], LedgerRoom>(
        "rooms_lock", sql: PackageResources.rooms_lock_sql, parameters: ["ids": { $0 }], reader: room)

    static let roomFind = PostgresStatement<(event: EventID, generation: Int), LedgerRoom>(
        "room_find", sql: PackageResources.room_find_sql,
        parameters: ["event_id": { $0.event }, "generation": { $0.generation }], reader: room)

    static let roomMark = PostgresStatement<RoomMarks, LedgerRoom>(
        "room_mark", sql: PackageResources.room_mark_sql,
        parameters: [
            "event_id": { $0.event }, "generation": { $0.generation }, "numbers_given": { $0.numbersGiven },
            "numbers_until": { $0.numbersUntil }, "admitted_until": { $0.admittedUntil },
            "ended_until": { $0.endedUntil }, "lobby": { $0.draw?.lobby }, "drawn_at": { $0.draw?.at },
        ], reader: room)

    @Sendable private static func room(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> LedgerRoom {
        let event = try columns["event_id", as: EventID.self]
        let generation = try columns["generation", as: Int.self]
        let secret = try columns["secret", as: String.self]
        let commitment = try columns["commitment", as: String.self]
        let lobby = try columns["lobby", as: Int?.self]
        let drawnAt = try columns["drawn_at", as: Timestamp?.self]
        let numbersGiven = try columns["numbers_given", as: Int.self]
        let numbersUntil = try columns["numbers_until", as: Int.self]
        let admittedUntil = try columns["admitted_until", as: Int.self]
        let endedUntil = try columns["ended_until", as: Int.self]
        return { row in
            let (size, time) = (try row[lobby], try row[drawnAt])
            var draw: RoomDraw?
            if let size, let time { draw = RoomDraw(lobby: size, at: time) }
            return LedgerRoom(
                marks: RoomMarks(
                    event: try row[event], generation: try row[generation], numbersGiven: try row[numbersGiven],
                    numbersUntil: try row[numbersUntil], admittedUntil: try row[admittedUntil],
                    endedUntil: try row[endedUntil], draw: draw),
                secret: try row[secret], commitment: try row[commitment])
        }
    }
}
