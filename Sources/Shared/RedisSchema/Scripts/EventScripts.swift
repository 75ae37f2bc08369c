import Domain
import RedisClient

/// Sets an event's hash to what the ledger says. The caller has the event's row locked.
package struct PublishScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "publish", PackageResources.publish_lua, prelude: [.numbers, .lease],
        codes: [PublicationOutcome.self])
    package static let sample = PublishScript(
        EventPublication(
            id: .demo, terms: EventTerms(name: "", capacity: 0), generation: 1, counts: UnitCounts(), revision: 1,
            isNew: true))

    private let event: EventPublication

    /// After a backfill, which is good for one epoch only. Without one a publication tells nothing but what the ledger says.
    package var fence: ScriptFence { event.backfill == nil ? .none : .epoch }

    package init(_ event: EventPublication) {
        self.event = event
    }

    package func encode(into call: inout ScriptEncoder) {
        let (keys, id, terms) = (call.keys, event.id, event.terms)
        call.key("event", keys.event(id))
        call.key("queue", keys.queue)
        call.key("leases", keys.leases)
        call.key("customers", keys.customers(id))
        call.key("holds", keys.holds(id))
        call.key("events_with_holds", keys.eventsWithHolds)
        call.key("event_backfill", keys.backfill(id))
        call.key("backfill", keys.backfill)
        call.key("published", keys.published)
        call.key("requested_backfills", keys.requestedBackfills)
        call.flag("is_new", event.isNew)
        call.text("token", event.backfill?.token ?? "")
        call.text("stamp", event.backfill?.stamp ?? "")
        call.text("id", id.description)
        call.number("generation", event.generation)
        call.number("capacity", terms.capacity)
        call.number("held", event.counts.held)
        call.number("sold", event.counts.sold)
        call.number("pending", event.counts.pending)
        call.number("max_quantity", terms.maxQuantity)
        call.optional("customer_limit", terms.customerLimit)
        call.optional("hold_seconds", terms.holdSeconds)
        call.optional("opens_at", terms.opensAt?.milliseconds)
        call.optional("closes_at", terms.closesAt?.milliseconds)
        call.flag("paused", terms.paused)
        call.text("name", terms.name)
        call.number("revision", event.revision)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> PublicationOutcome {
        guard let outcome = PublicationOutcome(reply) else { throw Self.unreadable() }
        return outcome
    }
}

/// The codes of lower_capacity.lua.
enum LowerCapacityCode: Int, ScriptCode {
    case lowered, notLoaded, releasesInFlight, inUse
}

/// The result of lowering a capacity.
package enum LoweringOutcome: Hashable, Sendable {
    case done
    /// The event is not on sale in this generation.
    case notLoaded
    /// Snapshots that release units are queued or leased; nothing was changed. Try again.
    case releasesInFlight
    /// So many units are claimed; nothing was changed.
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

/// Refuses claims until the event is published again. The caller has the event's row locked.
package struct CloseEventScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "close_event", PackageResources.close_event_lua, .allowOutOfMemory)
    package static let sample = CloseEventScript(.demo, revision: 1)

    private let id: EventID
    private let revision: Int

    package var fence: ScriptFence { .none }

    package init(_ id: EventID, revision: Int) {
        self.id = id
        self.revision = revision
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("event", call.keys.event(id))
        call.number("revision", revision)
    }
}

/// Deletes holds of an event that is closed for its reset, with their records. False if the event is not closed.
package struct DiscardHoldsScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "discard_holds", PackageResources.discard_holds_lua, .allowOutOfMemory)
    package static let sample = DiscardHoldsScript(["00000000-0000-7000-8000-000000000000"], of: .demo)

    private let members: [String]
    private let id: EventID

    package var fence: ScriptFence { .none }

    /// - Parameter members: of the event's holds: ids with commas between.
    package init(_ members: [String], of id: EventID) {
        self.members = members
        self.id = id
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        let orders = members.flatMap { $0.split(separator: ",") }.compactMap { OrderID($0) }
        call.key("event", keys.event(id))
        call.key("holds", keys.holds(id))
        call.rows("members", members) { $0.text("name", $1) }
        call.rows("orders", orders) { $0.key("record_key", keys.order($1)) }
    }
}
