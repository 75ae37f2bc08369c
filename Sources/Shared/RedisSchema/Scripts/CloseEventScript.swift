package import Domain
import RedisClient

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
