import Domain
import RedisClient
import RedisSchema
import Timing

/// One partition's holds, as those who carry their ends out see them.
package struct HoldExpirer: Sendable {
    /// Orders that one call looks through, give or take a group, so that claims beside it wait a millisecond or two.
    private static let sliceSize = 128
    /// Calls under way at the same time: what a round trip costs, they share.
    private static let slicesAtOnce = 4
    /// Members that one round takes of an event's holds; a member is one order or a group of them.
    private static let memberLimit = 128
    /// Events that one round looks at.
    private static let eventLimit = 16

    private let partition: Partition
    private var connection: RedisConnection { partition.connection }
    private var keys: Keyspace { partition.keys }

    package init(_ partition: Partition) {
        self.partition = partition
    }

    /// What a round of ``expireDue()`` came to.
    package struct Round: Hashable, Sendable {
        /// Orders that this round expired.
        package var expired: Int
        /// How long nothing more is due: zero where more is due now, nil where nothing is held.
        package var rest: Duration?
    }

    /// Expires a slice of the overdue holds of each event that has some. Any number of workers may do so at the same time:
    /// each hold ends once.
    package func expireDue() async throws(RedisError) -> Round {
        var round = Round(expired: 0, rest: nil)
        let now = try await connection.send(RedisCommand("TIME")).time().milliseconds
        let due =
            try await connection.send(
                RedisCommand(
                    "ZRANGE", keys.eventsWithHolds, "-inf", String(now), "BYSCORE", "LIMIT", "0",
                    String(Self.eventLimit))
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
        let due =
            try await connection.send(
                RedisCommand(
                    "ZRANGE", keys.holds(event), "-inf", String(now), "BYSCORE", "LIMIT", "0", String(Self.memberLimit))
            ).array?.compactMap(\.string) ?? []
        // Without a member too: a call puts right when the event's next hold ends.
        var slices = Self.slices(of: due, size: Self.sliceSize)[...]
        var (expired, isStuck) = (0, false)
        while !slices.isEmpty, !isStuck {
            let answers = try await expire(slices.prefix(Self.slicesAtOnce), of: event)
            slices = slices.dropFirst(Self.slicesAtOnce)
            expired += answers.count { if case .outcome(.done) = $0 { true } else { false } }
            isStuck = answers.contains(.outcome(.recovering))
        }
        return (expired, expired == 0 && isStuck)
    }

    private func expire(_ slices: some Sequence<[String]>, of event: EventID) async throws(RedisError)
        -> [TransitionAnswer]
    {
        let results = await withTaskGroup(of: Result<[TransitionAnswer], RedisError>.self) { tasks in
            for slice in slices {
                let script = TransitionScript(expiring: slice, of: event)
                tasks.addTask {
                    do throws(RedisError) {
                        return .success(try await partition.run(script))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        var answers: [TransitionAnswer] = []
        for result in results { answers += try result.get() }
        return answers
    }

    /// Cuts members into slices of at least so many orders but the last, at least one slice. A member is the orders of one
    /// claim call, with commas between: one, or a whole group.
    static func slices(of members: [String], size: Int) -> [[String]] {
        var slices: [[String]] = [[]]
        var orders = 0
        for member in members {
            if orders >= size {
                slices.append([])
                orders = 0
            }
            slices[slices.count - 1].append(member)
            orders += (member.utf8.count + 1) / 37
        }
        return slices
    }

    private func firstEnd() async throws(RedisError) -> Int64? {
        let first =
            try await connection.send(RedisCommand("ZRANGE", keys.eventsWithHolds, "0", "0", "WITHSCORES")).array ?? []
        return first.count == 2 ? first[1].string.flatMap { Double($0) }.map { Int64($0) } : nil
    }
}
