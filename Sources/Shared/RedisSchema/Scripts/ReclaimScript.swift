package import RedisClient
import Timing

/// Reclaims a batch whose lease has expired, or a piece of it. Nil if the lease has not expired, or another worker was
/// faster.
package struct ReclaimScript: PartitionScript {
    /// A batch that was taken this often without a renewal is cut into pieces when it is reclaimed again.
    package static let attemptLimit = 3
    /// An entry that is alone in its batch is dead-lettered after this many attempts. The limit is higher, because
    /// workers that end or pause for other reasons also hold entries at that moment.
    package static let aloneLimit = 10
    /// Maximum number of pieces. A batch of 1,000 is reduced to the faulty entry in four steps.
    package static let pieceLimit = 8

    package static let lua = LuaScript(
        Self.self, "reclaim", PackageResources.reclaim_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .lists, .releases, .orders])
    package static let sample = ReclaimScript("", successors: [""], lease: .seconds(1))

    private let token: String
    private let successors: [String]
    private let lease: Duration

    package var fence: ScriptFence { .epoch }
    /// A replica that is promoted knows each lease under which orders reached the ledger: nothing has to be rebuilt.
    package static var waitsForReplicas: Bool { true }

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
        call.key("leases_begun", keys.leasesBegun)
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
