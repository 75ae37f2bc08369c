package import Domain
package import RedisClient

/// The codes of lower_capacity.lua.
enum LowerCapacityCode: Int, ScriptCode {
    case lowered, notLoaded, releasesInFlight, inUse
}

/// The result of lowering a capacity.
package enum LoweringOutcome: Hashable, Sendable {
    case done
    /// Redis does not have the event in this generation; nothing was changed.
    case notLoaded
    /// The capacity is lowered in Redis, but the ledger lacks returns of units that it needs before it can take the new
    /// capacity. Another attempt succeeds when it has them. A caller that gives up publishes the event.
    case releasesInFlight
    /// More units are claimed than the new capacity allows: this many. Nothing was changed.
    case inUse(Int)
}

/// Lowers an event's capacity before the ledger's. The caller has the event's row locked.
package struct LowerCapacityScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "lower_capacity", PackageResources.lower_capacity_lua, .allowOutOfMemory,
        prelude: [.numbers, .releases], codes: [LowerCapacityCode.self])
    package static let sample = LowerCapacityScript(.demo, generation: 1, capacity: 0, revision: 1)

    private let id: EventID
    private let generation: Int
    private let capacity: Int
    private let revision: Int

    package var fence: ScriptFence { .none }

    package init(_ id: EventID, generation: Int, capacity: Int, revision: Int) {
        self.id = id
        self.generation = generation
        self.capacity = capacity
        self.revision = revision
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("event", call.keys.event(id))
        call.key("pending_releases", call.keys.pendingReleases)
        call.key("dead_letters", call.keys.deadLetters)
        call.text("generation", String(generation))
        call.number("capacity", capacity)
        call.number("revision", revision)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> LoweringOutcome {
        let values = reply.array ?? []
        switch LowerCapacityCode(values.first) {
        case .lowered: return .done
        case .notLoaded: return .notLoaded
        case .releasesInFlight: return .releasesInFlight
        case .inUse: if let used = values.last?.integer { return .inUse(Int(used)) }
        case nil: break
        }
        throw Self.unreadable()
    }
}
