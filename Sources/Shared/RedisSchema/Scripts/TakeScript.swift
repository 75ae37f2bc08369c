package import RedisClient
import Timing

/// Takes up to `limit` of the oldest entries under a new lease; nil if the queue is empty.
package struct TakeScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "take", PackageResources.take_lua, .allowOutOfMemory, prelude: [.numbers, .clock, .lists, .releases])
    package static let sample = TakeScript(token: "", limit: 1, lease: .seconds(1))

    private let token: String
    private let limit: Int
    private let lease: Duration

    package var fence: ScriptFence { .epoch }
    /// A replica that is promoted knows each lease under which orders reached the ledger: nothing has to be rebuilt.
    package static var waitsForReplicas: Bool { true }

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
        call.key("leases_begun", keys.leasesBegun)
        call.key("taken", keys.taken)
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
