package import Domain
import RedisClient

/// Removes an archived or deleted event from Redis. False if Redis has a later publication. The caller has the event's row
/// locked, and no order of the event is in flight.
package struct RemoveEventScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "remove_event", PackageResources.remove_event_lua, .allowOutOfMemory,
        prelude: [.numbers, .messages])
    package static let sample = RemoveEventScript(.demo, revision: 1)

    /// How long the revision stays, in milliseconds: much longer than a command can be delayed.
    private static let remembered = 60_000

    private let id: EventID
    private let revision: Int

    package var fence: ScriptFence { .none }

    package init(_ id: EventID, revision: Int) {
        self.id = id
        self.revision = revision
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("event", keys.event(id))
        call.keysOfSale(id)
        call.key("offers_due", keys.offersDue)
        call.key("rooms", keys.rooms)
        call.keysOfRoom(id)
        call.key("event_backfill", keys.backfill(id))
        call.key("events_with_holds", keys.eventsWithHolds)
        call.key("requested_backfills", keys.requestedBackfills)
        call.key("published", keys.published)
        call.text("id", id.description)
        call.number("revision", revision)
        call.number("remembered", Self.remembered)
        call.text("finished", keys.finished)
    }
}
