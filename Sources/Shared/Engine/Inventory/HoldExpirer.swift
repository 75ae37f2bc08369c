import Domain
package import RedisClient
package import RedisSchema
import Timing

/// Expires the overdue holds of one partition.
package struct HoldExpirer: Sendable {
    /// Orders of one call, rounded up to whole members, so that concurrent claims wait for 1 to 2 ms.
    private static let sliceSize = 128
    /// Concurrent calls, which share the cost of a round trip.
    private static let slicesAtOnce = 4
    /// Members of an event's holds in one round. A member is one order or a group of orders.
    private static let memberLimit = 128
    /// Events in one round.
    private static let eventLimit = 16

    private let partition: Partition
    private var connection: RedisConnection { partition.connection }
    private var keys: Keyspace { partition.keys }

    package init(_ partition: Partition) {
        self.partition = partition
    }

    /// The result of one call of ``expireDue()``.
    package struct Round: Hashable, Sendable {
        /// Orders that this round expired.
        package var expired: Int
        /// The time until the next hold is due: zero if one is due now, nil if there are no holds.
        package var rest: Duration?
    }

    /// Expires up to 128 members of the overdue holds of each of up to 16 events. Any number of workers can do so at
    /// the same time: each hold ends once.
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
        if round.rest == nil, let first = try await nextExpiry() {
            round.rest = .milliseconds(max(0, first - now))
        }
        return round
    }

    /// The result is stuck if the event's counters are being rebuilt: its holds have to wait.
    private func expire(_ event: EventID, now: Int64) async throws(RedisError) -> (expired: Int, isStuck: Bool) {
        let due =
            try await connection.send(
                RedisCommand(
                    "ZRANGE", keys.holds(event), "-inf", String(now), "BYSCORE", "LIMIT", "0", String(Self.memberLimit))
            ).array?.compactMap(\.string) ?? []
        // Also without a member: the call corrects the time at which the event's next hold ends.
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

    /// Cuts members into slices: at least one, and each except the last has at least `size` orders. A member is the ids
    /// of the orders of one claim call, separated by commas.
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

    private func nextExpiry() async throws(RedisError) -> Int64? {
        let first =
            try await connection.send(RedisCommand("ZRANGE", keys.eventsWithHolds, "0", "0", "WITHSCORES")).array ?? []
        return first.count == 2 ? first[1].string.flatMap { Double($0) }.map { Int64($0) } : nil
    }
}
