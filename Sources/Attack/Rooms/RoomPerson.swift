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
    ///   - rate: people that are admitted in a second, for an estimate while the service has none.
    ///   - spread: over which the looks after the opening are spread, so that not everybody comes at once.
    ///   - random: a number from 0 to 1.
    static func pause(
        after place: RoomPlace, untilOpening: Duration, rate: Int, spread: Duration, random: Double
    ) -> Duration {
        let asked = place.nextLook ?? .seconds(1)
        switch place.state {
        case .lobby where untilOpening > .zero: return max(asked, untilOpening + spread * random)
        case .waiting:
            let estimate = estimate(place, rate: rate)
            let least = place.estimate == nil ? asked + asked * random / 4 : asked
            return max(least, estimate * 7 / 10 + estimate * random / 10)
        default: return asked
        }
    }

    /// Whether a request that waits on the server is worth a connection: the state can change soon.
    static func isWorthWaiting(_ place: RoomPlace, untilOpening: Duration, rate: Int) -> Bool {
        switch place.state {
        case .lobby: untilOpening < .seconds(5)
        case .waiting: estimate(place, rate: rate) <= .seconds(5)
        default: false
        }
    }

    /// While admission stands still, the service has no estimate: then it takes at least as long as at the rate.
    private static func estimate(_ place: RoomPlace, rate: Int) -> Duration {
        place.estimate ?? .seconds(Double(place.ahead ?? 0) / Double(rate))
    }
}
