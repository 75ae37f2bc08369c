/// One partition's holds, as those who carry their ends out see them.
public struct Holds: Sendable {
    /// Holds that one call ends at most, so that claims beside it wait a millisecond or two and not longer.
    private static let sliceSize = 100
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
        let ids = try await connection.send(
            RedisCommand(
                "ZRANGE", keys.holds(event), "-inf", String(now), "BYSCORE", "LIMIT", "0", String(Self.sliceSize))
        ).array?.compactMap { $0.string.flatMap { OrderID($0) } } ?? []
        let group = TransitionGroup(ids.map { TransitionRequest(order: $0, event: event, transition: .expire) })
        // Without an order too: the call puts right when the event's next hold ends.
        let call = ids.isEmpty ? TransitionGroup.touch(event, in: keys) : group.call(in: keys, queueLimit: 0)
        let outcomes = try group.outcomes(of: try await connection.evaluate(call))
        let expired = outcomes.count { if case .done = $0 { true } else { false } }
        return (expired, expired == 0 && outcomes.contains(.recovering))
    }

    private func firstEnd() async throws(RedisError) -> Int64? {
        let first = try await connection.send(RedisCommand("ZRANGE", keys.holding, "0", "0", "WITHSCORES")).array ?? []
        return first.count == 2 ? first[1].string.flatMap { Double($0) }.map { Int64($0) } : nil
    }
}
