package import Domain
import RedisClient

/// Deletes holds, or places on the waiting list, of an event that is closed for its reset, with their records. False if the event is not closed.
package struct DiscardHoldsScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "discard_holds", PackageResources.discard_holds_lua, .allowOutOfMemory)
    package static let sample = DiscardHoldsScript(["00000000-0000-7000-8000-000000000000"], of: .demo)

    private let members: [String]
    private let id: EventID

    package var fence: ScriptFence { .none }

    /// - Parameter members: members of the event's holds or of its waiting list: ids, separated by commas.
    package init(_ members: [String], of id: EventID) {
        self.members = members
        self.id = id
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        let orders = members.flatMap { $0.split(separator: ",") }.compactMap { OrderID($0) }
        call.key("event", keys.event(id))
        call.key("holds", keys.holds(id))
        call.key("waiting", keys.waiting(id))
        call.rows("members", members) { $0.text("name", $1) }
        call.rows("orders", orders) { $0.key("record_key", keys.order($1)) }
    }
}
