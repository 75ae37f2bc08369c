package import RedisClient

/// Reads the tokens whose leases have expired, the longest expired first.
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
