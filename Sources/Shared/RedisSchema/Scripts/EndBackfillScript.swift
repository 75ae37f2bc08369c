import RedisClient

/// Releases the lease of the backfill. False if the token is not the holder's, or an event was requested meanwhile.
package struct EndBackfillScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "end_backfill", PackageResources.end_backfill_lua, .allowOutOfMemory, prelude: [.lease])
    package static let sample = EndBackfillScript("", isComplete: true)

    private let token: String
    private let isComplete: Bool

    package var fence: ScriptFence { .epoch }

    package init(_ token: String, isComplete: Bool) {
        self.token = token
        self.isComplete = isComplete
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("backfill", call.keys.backfill)
        call.key("requested_backfills", call.keys.requestedBackfills)
        call.text("token", token)
        call.flag("is_complete", isComplete)
    }
}
