import RedisClient
import Timing

/// Opens a sealed partition in a new epoch. False if the partition is not sealed with this token, or is to be resumed and
/// lacks a lease that the ledger has seen.
package struct OpenScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "open", PackageResources.open_lua, .allowOutOfMemory, prelude: [.numbers, .clock, .lease])
    package static let sample = OpenScript("", epoch: 1, leasesSeen: 0, isRebuilt: true)

    private let token: String
    private let epoch: Int
    private let leasesSeen: Int
    private let isRebuilt: Bool

    package var fence: ScriptFence { .none }
    /// A replica that is promoted then has the epoch of the ledger.
    package static var waitsForReplicas: Bool { true }

    /// - Parameter leasesSeen: the highest number of a lease that the ledger has seen.
    package init(_ token: String, epoch: Int, leasesSeen: Int, isRebuilt: Bool) {
        self.token = token
        self.epoch = epoch
        self.leasesSeen = leasesSeen
        self.isRebuilt = isRebuilt
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("epoch", keys.epoch)
        call.key("leases_begun", keys.leasesBegun)
        call.key("recovery", keys.recovery)
        call.key("backfill", keys.backfill)
        call.text("token", token)
        call.number("new_epoch", epoch)
        call.number("leases_seen", leasesSeen)
        call.flag("is_rebuilt", isRebuilt)
        call.number("lease", RecoveryTiming.lease.milliseconds)
    }
}
