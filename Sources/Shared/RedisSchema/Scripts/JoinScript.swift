package import Domain
package import RedisClient

/// The codes of join.lua. The comments describe the detail that follows each code; without a comment it is 0.
enum JoinCode: Int, ScriptCode {
    /// `number|generation`
    case joined = 0
    /// `number|generation`
    case replayed = 1
    case eventUnknown = 2
    case recovering = 3
    case noRoom = 4
    /// The time at which the lobby opens.
    case notOpen = 5
    case closed = 6
    case busy = 7
}

/// A request for a place in a waiting room.
package struct JoinRequest: Hashable, Sendable {
    package var event: EventID
    /// Stands for the customer or the key; nil: each request gets a place of its own.
    package var name: String?
    /// The number of a place that has ended and is given up for a new one.
    package var former: Int?

    package init(event: EventID, name: String? = nil, former: Int? = nil) {
        self.event = event
        self.name = name
        self.former = former
    }
}

/// Gives places in waiting rooms to a group of requests in one call.
package struct JoinScript: GroupScript {
    package typealias Outcome = JoinOutcome

    package static let sizeLimit = 128

    package static let lua = LuaScript(
        Self.self, "join", PackageResources.join_lua, prelude: [.numbers, .clock, .rooms], codes: [JoinCode.self])
    package static let sample = JoinScript([JoinRequest(event: .demo)], queueLimit: 0)

    private let requests: [JoinRequest]
    private let grouping: EventGrouping

    package var fence: ScriptFence { .epoch }
    /// A number that was given once must not be given again by the next primary.
    package static var waitsForReplicas: Bool { true }

    /// The length of the queue of orders does not matter.
    package init(_ requests: [JoinRequest], queueLimit: Int) {
        precondition(!requests.isEmpty && requests.count <= Self.sizeLimit)
        self.requests = requests
        grouping = EventGrouping(requests.lazy.map(\.event))
    }

    package func encode(into call: inout ScriptEncoder) {
        call.rows("rooms", grouping.groups) { row, group in
            row.key("event", row.keys.event(group.id))
            row.key("room", row.keys.room(group.id))
            row.key("places", row.keys.places(group.id))
            row.number("count", group.indices.count)
        }
        call.columns("joins", grouping.indices) { row, index in
            row.text("name", requests[index].name ?? "")
            row.number("former", requests[index].former ?? 0)
        }
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> [JoinOutcome] {
        guard let values = reply.array, values.count == 2 * requests.count + 1, let time = values.last?.integer
        else { throw Self.unreadable() }
        let now = Timestamp(milliseconds: time)
        var outcomes: [JoinOutcome] = Array(repeating: .recovering, count: requests.count)
        for (position, index) in grouping.indices.enumerated() {
            guard let code = JoinCode(values[2 * position]),
                let outcome = Self.outcome(code, values[2 * position + 1], now: now)
            else { throw Self.unreadable() }
            outcomes[index] = outcome
        }
        return outcomes
    }

    private static func outcome(_ code: JoinCode, _ detail: RESPValue, now: Timestamp) -> JoinOutcome? {
        switch code {
        case .joined, .replayed:
            let parts = (detail.string ?? "").split(separator: "|").map { Int($0) }
            guard parts.count == 2, let number = parts[0], let generation = parts[1] else { return nil }
            return .joined(number: number, generation: generation, isReplay: code == .replayed)
        case .eventUnknown: return .eventUnknown
        case .recovering: return .recovering
        case .noRoom: return .noRoom
        case .notOpen:
            return detail.integer.map { .notOpen(opensAt: Timestamp(milliseconds: $0), now: now) }
        case .closed: return .closed
        case .busy: return .busy
        }
    }

    package static func isAcknowledgement(_ outcome: JoinOutcome) -> Bool {
        if case .joined = outcome { true } else { false }
    }
}
