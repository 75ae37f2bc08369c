package import RedisClient

/// Reads whether a partition can be used, and the progress of its recovery.
package struct InspectScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "inspect", PackageResources.inspect_lua, .noWrites, prelude: [.clock, .lease])
    package static let sample = InspectScript()

    package var fence: ScriptFence { .none }

    package init() {}

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("epoch", keys.epoch)
        call.key("leases_begun", keys.leasesBegun)
        call.key("recovery", keys.recovery)
        call.key("backfill", keys.backfill)
        call.key("requested_backfills", keys.requestedBackfills)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> PartitionState { try PartitionState(reply) }
}
