import TicketBlitzClient

/// One person of a crowd in a waiting room: what they are about to do, and what they have seen.
struct RoomPerson: Sendable {
    enum Phase: UInt8, Sendable {
        case outside, waiting
        /// Admitted, and about to buy.
        case buying
        /// Has bought, and looks once more.
        case leaving
        /// Lets the pass end, and tries to buy then.
        case lapsing
        case done
    }

    struct Habits: OptionSet, Sendable {
        let rawValue: UInt8

        /// Leaves before being admitted.
        static let givesUp = Habits(rawValue: 1)
        /// Does not use the pass while it is valid.
        static let lapses = Habits(rawValue: 2)
        /// Joins twice, tries to buy without a pass, and more than a pass allows.
        static let isGreedy = Habits(rawValue: 4)
    }

    var phase = Phase.outside
    var habits: Habits = []
    /// Requests in a row without an answer that helps.
    var failures: UInt8 = 0
    /// Purchases that were accepted with the pass.
    var purchases: UInt8 = 0
    /// Whether the last purchase has an unknown outcome.
    var isOpen = false
    /// Whether the next look is worth a request that waits.
    var isNear = false
    var place = ""
    var pass = ""
    var visit = Visit()

    /// Notes what an answer says.
    ///
    /// - Parameters:
    ///   - sent: when its request was sent, and arrived: when it arrived; neither is 0.
    mutating func note(_ place: RoomPlace, sent: UInt32, arrived: UInt32, passSeconds: Int) {
        switch place.state {
        case .lobby: break
        case .waiting:
            visit.waitedAt = sent
            if visit.ahead == nil { visit.ahead = place.ahead.map { UInt32(clamping: $0) } }
            if visit.admittedAt > 0 { visit.marks.insert(.sentBack) }
        case .admitted:
            guard let end = place.expiresAt else { return }
            let admittedAt = end.milliseconds - Int64(passSeconds) * 1000
            if visit.admittedAt == 0 {
                (visit.admittedAt, visit.seenAt) = (admittedAt, arrived)
            } else if visit.admittedAt != admittedAt {
                visit.marks.insert(.twice)
            }
        case .expired: if visit.expiredAt == 0 { visit.expiredAt = arrived }
        case .soldOut: visit.marks.insert(.soldOut)
        case .over: visit.marks.insert(.over)
        }
    }

    /// How long the person does not look again. Never less than the service asks for; someone whose turn is far away looks again
    /// when most of the estimated time is over, and in the lobby shortly after the opening.
    ///
    /// - Parameters:
    ///   - untilOpening: zero after the opening.
    ///   - spread: over which the looks after the opening are spread, so that not everybody comes at once.
    ///   - random: a number from 0 to 1.
    static func pause(
        after place: RoomPlace, untilOpening: Duration, spread: Duration, random: Double
    ) -> Duration {
        let asked = place.nextLook ?? .seconds(1)
        switch place.state {
        case .lobby where untilOpening > .zero: return max(asked, untilOpening + spread * random)
        case .waiting:
            guard let estimate = place.estimate else { return asked + asked * random / 4 }
            return max(asked, estimate * 7 / 10 + estimate * random / 10)
        default: return asked
        }
    }

    /// Whether a request that waits on the server is worth a connection: the state can change soon.
    static func isWorthWaiting(_ place: RoomPlace, untilOpening: Duration) -> Bool {
        switch place.state {
        case .lobby: untilOpening < .seconds(5)
        case .waiting: place.estimate.map { $0 <= .seconds(5) } ?? true
        default: false
        }
    }
}
