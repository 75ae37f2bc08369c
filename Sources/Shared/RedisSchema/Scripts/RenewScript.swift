import RedisClient
import Timing

/// Sets the end of a batch's lease to the given time from now; zero releases the batch. False if the lease was lost.
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
