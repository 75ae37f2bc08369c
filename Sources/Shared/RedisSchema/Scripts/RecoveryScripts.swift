import Domain
import RedisClient
import Timing

/// How long a recovery or a backfill whose holder gives no sign keeps other processes away.
package enum RecoveryTiming {
    package static let lease = Duration.seconds(3)
}

/// Reads whether a partition can be used, and how far its recovery is.
package struct InspectScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "inspect", PackageResources.inspect_lua, .noWrites, prelude: [.clock, .lease])
    package static let sample = InspectScript()

    package var fence: ScriptFence { .none }

    package init() {}

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("epoch", keys.epoch)
        call.key("leases_begun", keys.leased)
        call.key("recovery", keys.recovery)
        call.key("backfill", keys.backfill)
        call.key("requested_backfills", keys.requestedBackfills)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> PartitionState { try PartitionState(reply) }
}

/// The codes of seal.lua.
enum SealCode: Int, ScriptCode {
    case leased, sealed, epochChanged
}

/// Begins a partition's recovery, or takes over one whose holder is gone. The phase to continue with; nil if another process
/// is at work, or the partition is not as it was found any more.
package struct SealScript: PartitionScript {
    package enum Plan: String, Hashable, Sendable {
        case resume, rebuild
    }

    package static let lua = LuaScript(
        Self.self, "seal", PackageResources.seal_lua, .allowOutOfMemory, prelude: [.numbers, .clock, .lease],
        codes: [SealCode.self])
    package static let sample = SealScript("", found: nil, plan: .resume)

    private let token: String
    private let found: String?
    private let plan: Plan

    package var fence: ScriptFence { .none }

    /// - Parameter found: the epoch as the caller found it; nil for none.
    package init(_ token: String, found: String?, plan: Plan) {
        self.token = token
        self.found = found
        self.plan = plan
    }

    /// What the epoch key holds while the partition is sealed with a token.
    package static func seal(_ token: String) -> String { "sealed:\(token)" }

    package func encode(into call: inout ScriptEncoder) {
        call.key("epoch", call.keys.epoch)
        call.key("recovery", call.keys.recovery)
        call.text("token", token)
        call.number("lease", RecoveryTiming.lease.milliseconds)
        call.text("found", found ?? "")
        call.text("plan", plan.rawValue)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> PartitionState.Phase? {
        let values = reply.array ?? []
        switch SealCode(values.first) {
        case .leased, .epochChanged: return nil
        case .sealed: if let phase = values.last?.string.flatMap(PartitionState.Phase.init) { return phase }
        case nil: break
        }
        throw Self.unreadable()
    }
}

/// Deletes keys of a sealed partition. False if it is not sealed with this token.
package struct WipeScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "wipe", PackageResources.wipe_lua, .allowOutOfMemory, prelude: [.lease])
    package static let sample = WipeScript("", deleting: [""])

    private let token: String
    private let wiped: [String]

    package var fence: ScriptFence { .none }

    package init(_ token: String, deleting wiped: [String]) {
        self.token = token
        self.wiped = wiped
    }

    /// What a wipe leaves: dead letters, and what the recovery and the workers note of themselves.
    package static func kept(_ keys: Keyspace) -> Set<String> {
        [keys.epoch, keys.leased, keys.deadLetters, keys.workers, keys.recovery]
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("epoch", call.keys.epoch)
        call.key("recovery", call.keys.recovery)
        call.text("token", token)
        call.rows("wiped", wiped) { $0.key("name", $1) }
    }
}

/// Ends the sealed part of a recovery. False if the partition is not sealed with this token.
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
        call.key("leases_begun", keys.leased)
        call.key("recovery", keys.recovery)
        call.key("backfill", keys.backfill)
        call.text("token", token)
        call.number("new_epoch", epoch)
        call.number("leases_seen", leasesSeen)
        call.flag("is_rebuilt", isRebuilt)
        call.number("lease", RecoveryTiming.lease.milliseconds)
    }
}

/// Moves the end of the lease of a recovery or of a backfill; with zero it is released. False if the token is not the holder's.
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
