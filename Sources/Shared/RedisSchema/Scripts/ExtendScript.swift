import RedisClient
import Timing

/// Sets the end of the lease of a recovery or of a backfill to the given time from now; zero releases it. False if the
/// token is not the holder's.
package struct ExtendScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "extend", PackageResources.extend_lua, .allowOutOfMemory, prelude: [.numbers, .clock, .lease])
    package static let sample = ExtendScript("", of: "", by: .zero)

    private let token: String
    private let key: String
    private let lease: Duration

    package var fence: ScriptFence { .none }

    /// - Parameter key: the key of the recovery or of the backfill.
    package init(_ token: String, of key: String, by lease: Duration = RecoveryTiming.lease) {
        self.token = token
        self.key = key
        self.lease = lease
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("lease_key", key)
        call.text("token", token)
        call.number("lease", lease.milliseconds)
    }
}
