/// One partition's holds, as those who carry their ends out see them.
public struct Holds: Sendable {
    /// Orders that one call looks through, give or take a group, so that claims beside it wait a millisecond or two.
    private static let sliceSize = 128
    /// Events that one round looks at.
    private static let eventLimit = 16

    private let connection: RedisConnection
    private let keys: Keyspace

    public init(connection: RedisConnection, keys: Keyspace) {
        self.connection = connection
        self.keys = keys
    }

    /// What a round of ``expireDue()`` came to.
    public struct Round: Hashable, Sendable {
        /// Orders that this round expired.
        public var expired: Int
        /// How long nothing more is due: zero where more is due now, nil where nothing is held.
        public var rest: Duration?
    }

    /// Expires a slice of the overdue holds of each event that has some. Any number of workers may do so at the same time:
    /// each hold ends once.
    public func expireDue() async throws(RedisError) -> Round {
        var round = Round(expired: 0, rest: nil)
        let now = try await connection.send(RedisCommand("TIME")).time().milliseconds
        let due = try await connection.send(
            RedisCommand(
                "ZRANGE", keys.holding, "-inf", String(now), "BYSCORE", "LIMIT", "0", String(Self.eventLimit))
        ).array?.compactMap(\.string) ?? []
        for name in due {
            guard let event = EventID(name) else { continue }
            let slice = try await expire(event, now: now)
            round.expired += slice.expired
            if slice.isStuck { round.rest = .milliseconds(250) }
        }
        guard round.expired == 0 else { return Round(expired: round.expired, rest: .zero) }
        if round.rest == nil, let first = try await firstEnd() {
            round.rest = .milliseconds(max(0, first - now))
        }
        return round
    }

    /// Stuck: the event's counters are being rebuilt, so that its holds have to wait.
    private func expire(_ event: EventID, now: Int64) async throws(RedisError) -> (expired: Int, isStuck: Bool) {
        let due = try await connection.send(
            RedisCommand(
                "ZRANGE", keys.holds(event), "-inf", String(now), "BYSCORE", "LIMIT", "0", String(Self.sliceSize))
        ).array?.compactMap(\.string) ?? []
        // A member is the orders of one claim call: one, or a whole group.
        var members: [String] = []
        var length = 0
        for member in due where length < Self.sliceSize * 36 {
            members.append(member)
            length += member.utf8.count
        }
        // Without a member too: the call puts right when the event's next hold ends.
        let group = TransitionGroup(expiring: members, of: event)
        let answers = try group.outcomes(of: try await connection.evaluate(group.call(in: keys, queueLimit: 0)))
        let expired = answers.count { if case .outcome(.done) = $0 { true } else { false } }
        return (expired, expired == 0 && answers.contains(.outcome(.recovering)))
    }

    private func firstEnd() async throws(RedisError) -> Int64? {
        let first = try await connection.send(RedisCommand("ZRANGE", keys.holding, "0", "0", "WITHSCORES")).array ?? []
        return first.count == 2 ? first[1].string.flatMap { Double($0) }.map { Int64($0) } : nil
    }
}
