package import Domain
package import Ledger
import RedisClient
package import RedisSchema

/// Keeps the waiting rooms of one partition going: admits people, and raises the marks of the ledger before Redis reaches them.
///
/// Any number of processes can do so at the same time. If none does, nobody is admitted, and soon nobody gets a place.
package struct RoomKeeper: Sendable {
    private let partition: Partition
    private let ledger: Ledger

    package init(_ partition: Partition, ledger: Ledger) {
        self.partition = partition
        self.ledger = ledger
    }

    /// What a process remembers between rounds. It can forget it at any time.
    package struct Memory: Sendable {
        /// What the ledger has, of the rooms whose marks this process has raised.
        fileprivate var marks: [EventID: RoomMarks] = [:]
        /// The admissions that the replicas have.
        fileprivate var replicated: [EventID: AdmitScript.Replicated] = [:]
        /// The last numbers in the round before.
        fileprivate var last: [EventID: Int] = [:]
        /// The last event of the round before, if there are more rooms than one call takes.
        fileprivate var position = ""

        package init() {}

        /// Whether the replicas have what the room has admitted.
        fileprivate func knows(_ room: RoomCounters) -> Bool {
            replicated[room.marks.event] == AdmitScript.Replicated(room)
        }

        fileprivate mutating func forget(allExcept present: Set<EventID>) {
            marks = marks.filter { present.contains($0.key) }
            last = last.filter { present.contains($0.key) }
            replicated = replicated.filter { present.contains($0.key) }
        }
    }

    /// What follows a round.
    package enum Next: Hashable, Sendable {
        /// The ledger has marks that Redis does not know yet, or the replicas have admissions that nobody sees yet.
        case atOnce
        case soon
        /// There is no room.
        case later
    }

    /// Admits people to up to 64 events, and raises their marks if they come close to them.
    package func round(_ memory: inout Memory) async throws -> Next {
        let reply = try await partition.connection.send(RedisCommand("SMEMBERS", partition.keys.rooms))
        let ids = (reply.array ?? []).compactMap { $0.string.flatMap { EventID($0) } }
        guard !ids.isEmpty else {
            memory = Memory()
            return .later
        }
        let chosen = Self.window(of: ids, after: &memory.position)
        let marks = chosen.map { memory.marks[$0] ?? RoomMarks(event: $0, generation: 0) }
        var rooms = try await admit(marks, &memory)
        // People see who is admitted before the ledger is asked, which may not respond.
        if rooms.contains(where: { memory.knows($0) && $0.admitted > $0.shown }) {
            rooms = try await admit(marks, &memory)
        }
        var next = Next.soon
        for room in rooms {
            let event = room.marks.event
            if memory.knows(room), room.admitted > room.shown { next = .atOnce }
            let joined = max(0, room.last - (memory.last[event] ?? room.last))
            memory.last[event] = room.last
            let known = memory.marks[event].flatMap { $0.generation == room.marks.generation ? $0.endedUntil : nil }
            guard let wanted = room.wantedMarks(joined: joined, endedUntil: known ?? 0) else { continue }
            memory.marks[event] = try await ledger.raise(wanted)
            next = .atOnce
        }
        memory.forget(allExcept: Set(ids))
        return next
    }

    private func admit(_ marks: [RoomMarks], _ memory: inout Memory) async throws -> [RoomCounters] {
        let reply = try await partition.runReplicated(AdmitScript(marks, replicated: memory.replicated))
        let rooms = reply.value.compactMap(\.self)
        if reply.isReplicated {
            for room in rooms { memory.replicated[room.marks.event] = AdmitScript.Replicated(room) }
        }
        return rooms
    }

    /// Up to 64 events in their order, those after the position first.
    static func window(of ids: [EventID], after position: inout String) -> [EventID] {
        guard ids.count > AdmitScript.sizeLimit else { return ids }
        let sorted = ids.sorted { $0.description < $1.description }
        let start = sorted.firstIndex { $0.description > position } ?? 0
        let chosen = (sorted[start...] + sorted[..<start]).prefix(AdmitScript.sizeLimit)
        position = chosen.last?.description ?? ""
        return Array(chosen)
    }
}

extension RoomCounters {
    /// How far the marks are beyond the counters when they are raised. If Redis loses the room, that many numbers may belong
    /// to nobody, and that many people are admitted at once.
    private static let secondsAhead = 10
    private static let numbersAhead = 1000...50_000

    /// The marks to write to the ledger; nil if the present ones suffice.
    ///
    /// - Parameters:
    ///   - joined: the places that were given since the round before.
    ///   - saved: the rank up to which the ledger knows that passes have ended.
    package func wantedMarks(joined: Int, endedUntil saved: Int = 0) -> RoomMarks? {
        var wanted = marks
        let ahead = min(Self.numbersAhead.upperBound, max(Self.numbersAhead.lowerBound, 4 * joined))
        if marks.numbersUntil - last < ahead / 2 { wanted.numbersUntil = max(marks.numbersUntil, last + ahead) }
        // Before the draw nobody is admitted. A mark would admit people before the sale if Redis lost the room.
        if marks.draw != nil, marks.admittedUntil - admitted < Self.secondsAhead * rate / 2 {
            wanted.admittedUntil = max(marks.admittedUntil, admitted + Self.secondsAhead * rate)
        }
        // The ledger is behind by so much, and by the passes that have ended since the marks were raised last.
        let isBehind = ended - saved >= Self.secondsAhead * rate
        guard wanted != marks || isBehind || marks.draw != nil && !isDrawSaved else { return nil }
        (wanted.endedUntil, wanted.numbersGiven) = (ended, given)
        return wanted
    }
}
