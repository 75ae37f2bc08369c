package import RedisClient
import Timing

/// The codes of seal.lua.
enum SealCode: Int, ScriptCode {
    case leased, sealed, epochChanged
}

/// Begins a partition's recovery, or takes over one whose lease has expired. The reply is the phase to continue with;
/// nil if another process has the lease, or the epoch is not the one that the caller found.
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

    /// - Parameter found: the epoch that the caller found; nil for none.
    package init(_ token: String, found: String?, plan: Plan) {
        self.token = token
        self.found = found
        self.plan = plan
    }

    /// The value of the epoch key while the partition is sealed with a token.
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
