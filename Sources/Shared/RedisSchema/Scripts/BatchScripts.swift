import Domain
import RedisClient
import Timing

/// Takes up to `limit` of the oldest entries under a new lease. Nil if the queue is empty.
package struct TakeScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "take", PackageResources.take_lua, .allowOutOfMemory, prelude: [.clock, .lists, .releases])
    package static let sample = TakeScript(token: "", limit: 1, lease: .seconds(1))

    private let token: String
    private let limit: Int
    private let lease: Duration

    package var fence: ScriptFence { .epoch }

    package init(token: String, limit: Int, lease: Duration) {
        self.token = token
        self.limit = limit
        self.lease = lease
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("queue", keys.queue)
        call.key("leases", keys.leases)
        call.key("attempts", keys.attempts)
        call.key("batch", keys.batch(token))
        call.key("pending_releases", keys.pendingReleases)
        call.key("ordered_batches", keys.orderedBatches)
        call.key("leases_begun", keys.leased)
        call.text("token", token)
        call.number("limit", limit)
        call.number("lease", lease.milliseconds)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> Batch? {
        guard let values = reply.array else { throw Self.unreadable() }
        guard values.count >= 2, let turn = values[0].integer, let number = values[1].integer else { return nil }
        return Batch(
            token: token, number: Int(number), attempts: 1, waitsForTurn: turn == 1,
            entries: values.dropFirst(2).compactMap(\.bytes))
    }
}

/// Names tokens whose leases have expired, the longest overdue first.
package struct ExpiredScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "expired", PackageResources.expired_lua, .noWrites, prelude: [.clock])
    package static let sample = ExpiredScript(limit: 1)

    private let limit: Int

    package var fence: ScriptFence { .none }

    package init(limit: Int) {
        self.limit = limit
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("leases", call.keys.leases)
        call.number("limit", limit)
    }

    package func decode(_ reply: RESPValue) -> [String] { reply.array?.compactMap(\.string) ?? [] }
}

/// Reclaims a batch whose lease has expired, or a piece of it. Nil if it has not expired, or another worker was faster.
package struct ReclaimScript: PartitionScript {
    /// A batch that was taken so often without a sign from its worker is cut into pieces at the next time.
    package static let attemptLimit = 3
    /// An entry that is alone in its batch is dead-lettered only after more attempts: whatever kills or pauses workers now and
    /// then finds one with an entry in hand that is not the cause.
    package static let aloneLimit = 10
    /// Pieces at most: a batch of 1,000 comes down to the entry at fault in four steps.
    package static let pieceLimit = 8

    package static let lua = LuaScript(
        Self.self, "reclaim", PackageResources.reclaim_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .lists, .releases, .orders])
    package static let sample = ReclaimScript("", successors: [""], lease: .seconds(1))

    private let token: String
    private let successors: [String]
    private let lease: Duration

    package var fence: ScriptFence { .epoch }

    /// - Parameter successors: tokens for the batch, or for its pieces: at least one.
    package init(_ token: String, successors: [String], lease: Duration) {
        self.token = token
        self.successors = successors
        self.lease = lease
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("leases", keys.leases)
        call.key("attempts", keys.attempts)
        call.key("old_batch", keys.batch(token))
        call.key("ordered_batches", keys.orderedBatches)
        call.key("leases_begun", keys.leased)
        call.key("dead_letters", keys.deadLetters)
        call.key("pending_releases", keys.pendingReleases)
        call.text("old_token", token)
        call.number("lease", lease.milliseconds)
        call.number("attempt_limit", Self.attemptLimit)
        call.number("alone_limit", Self.aloneLimit)
        call.rows("successors", successors) { row, successor in
            row.key("batch", keys.batch(successor))
            row.text("token", successor)
        }
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> Reclaim? {
        guard let values = reply.array else { throw Self.unreadable() }
        guard values.count >= 2, let attempts = values[0].integer else { return nil }
        guard values.count > 2 else { return .deadLettered(reason: values[1].string ?? "") }
        return .batch(
            Batch(
                token: successors[0], number: values[2].integer.map { Int($0) } ?? 0, attempts: Int(attempts),
                waitsForTurn: values[1].integer == 1, entries: values.dropFirst(3).compactMap(\.bytes)))
    }
}

/// Moves the end of a batch's lease; with zero the batch is released. False if the lease was lost.
package struct RenewScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "renew", PackageResources.renew_lua, .allowOutOfMemory, prelude: [.clock])
    package static let sample = RenewScript("", lease: .zero, fence: .none)

    private let token: String
    private let lease: Duration
    package let fence: ScriptFence

    /// - Parameter fence: `none` for workers, whose lease is sufficient; `epoch` for a recovery.
    package init(_ token: String, lease: Duration, fence: ScriptFence) {
        self.token = token
        self.lease = lease
        self.fence = fence
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("leases", call.keys.leases)
        call.key("attempts", call.keys.attempts)
        call.text("token", token)
        call.number("lease", lease.milliseconds)
    }
}
