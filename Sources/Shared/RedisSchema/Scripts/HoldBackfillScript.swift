import RedisClient
import Timing

/// Takes the lease of the backfill. False if another process has it.
package struct HoldBackfillScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "hold_backfill", PackageResources.hold_backfill_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .lease])
    package static let sample = HoldBackfillScript("")

    private let token: String

    package var fence: ScriptFence { .epoch }

    package init(_ token: String) {
        self.token = token
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("backfill", call.keys.backfill)
        call.text("token", token)
        call.number("lease", RecoveryTiming.lease.milliseconds)
    }
}
