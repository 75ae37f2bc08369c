package import Domain
package import RedisClient

/// What admit.lua says about a room.
package struct RoomCounters: Hashable, Sendable {
    /// What the room counts; nothing more than the ledger has allowed it.
    package var last: Int
    package var admitted: Int
    /// The rank up to which people see that they are admitted.
    package var shown = 0
    /// The rank up to which all passes have ended.
    package var ended = 0
    /// Numbers up to this one certainly belong to people, or have had their turns.
    package var given = 0
    /// The marks as Redis knows them, and its draw.
    package var marks: RoomMarks
    /// Whether the ledger has the draw, as Redis knows.
    package var isDrawSaved: Bool
    /// People a second.
    package var rate: Int
}

/// Admits people to events with a waiting room, as many as their rates allow.
package struct AdmitScript: PartitionScript {
    /// Rooms in one call.
    package static let sizeLimit = 64
    /// The age in milliseconds of the oldest queued order at which nobody is admitted.
    private static let longestQueue = 5000
    /// The shortest time between two admissions of a room, in milliseconds. Longer passes make it longer, so that a room never
    /// has more than some 3,000 admissions with valid passes.
    private static let shortestTick = 200

    package static let lua = LuaScript(
        Self.self, "admit", PackageResources.admit_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .orders, .places, .rooms])
    package static let sample = AdmitScript([RoomMarks(event: .demo, generation: 0)])

    /// Admissions that the replicas have.
    package struct Replicated: Hashable, Sendable {
        var generation = 0
        var rank = 0

        package init() {}

        /// - Parameter room: the reply of a call whose writes the replicas have.
        package init(_ room: RoomCounters) {
            generation = room.marks.generation
            rank = room.admitted
        }
    }

    private struct Room {
        let marks: RoomMarks
        let replicated: Replicated
    }

    private let rooms: [Room]

    /// Who reads a room shows only what the replicas have.
    package static var waitsForReplicas: Bool { true }
    package var fence: ScriptFence { .epoch }

    /// - Parameters:
    ///   - marks: of each room, what the ledger has; zeros if that is not known.
    ///   - replicated: of rooms, the admissions that the replicas have, as far as that is known.
    package init(_ marks: [RoomMarks], replicated: [EventID: Replicated] = [:]) {
        precondition(marks.count <= Self.sizeLimit)
        rooms = marks.map { Room(marks: $0, replicated: replicated[$0.event] ?? Replicated()) }
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("queue", call.keys.queue)
        call.number("longest_queue", Self.longestQueue)
        call.number("shortest_tick", Self.shortestTick)
        call.rows("rooms", rooms) { row, room in
            let marks = room.marks
            row.key("event", row.keys.event(marks.event))
            row.key("room", row.keys.room(marks.event))
            row.key("ticks", row.keys.ticks(marks.event))
            row.key("waiting", row.keys.waiting(marks.event))
            row.text("generation", String(marks.generation))
            row.number("numbers_until", marks.numbersUntil)
            row.number("admitted_until", marks.admittedUntil)
            row.number("replicated_in", room.replicated.generation)
            row.number("replicated", room.replicated.rank)
            row.optional("lobby", marks.draw?.lobby)
            row.optional("drawn_at", marks.draw?.at.milliseconds)
        }
    }

    /// Nil for a room that Redis does not have.
    package func decode(_ reply: RESPValue) throws(RedisError) -> [RoomCounters?] {
        guard let rows = reply.array, rows.count == rooms.count else { throw Self.unreadable() }
        var counters: [RoomCounters?] = []
        for (row, marks) in zip(rows, rooms.map(\.marks)) {
            guard let values = row.array else { throw Self.unreadable() }
            guard !values.isEmpty else {
                counters.append(nil)
                continue
            }
            func number(_ index: Int) -> Int? { values[index].integer.map { Int($0) } }
            guard values.count == 12, let generation = number(0), let last = number(1), let admitted = number(2),
                let numbersUntil = number(3), let admittedUntil = number(4), let rate = number(5)
            else { throw Self.unreadable() }
            var draw: RoomDraw?
            if let lobby = number(6), let time = number(7) {
                draw = RoomDraw(lobby: lobby, at: Timestamp(milliseconds: Int64(time)))
            }
            counters.append(
                RoomCounters(
                    last: last, admitted: admitted, shown: number(10) ?? 0, ended: number(9) ?? 0,
                    given: number(11) ?? 0,
                    marks: RoomMarks(
                        event: marks.event, generation: generation, numbersUntil: numbersUntil,
                        admittedUntil: admittedUntil, draw: draw),
                    isDrawSaved: number(8) == 1, rate: rate))
        }
        return counters
    }
}
