package import Domain
package import RedisClient

/// Reads the position of an order's place on the waiting list of its event, from 1; 0 if it has none.
package struct PlaceScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "place", PackageResources.place_lua, .noWrites, prelude: [.numbers, .places])
    package static let sample = PlaceScript(OrderID(milliseconds: 0, partition: 0, random: 0), of: .demo)

    private let order: OrderID
    private let event: EventID

    package var fence: ScriptFence { .none }

    package init(_ order: OrderID, of event: EventID) {
        self.order = order
        self.event = event
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("waiting", call.keys.waiting(event))
        call.text("id", order)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> Int {
        guard let number = reply.integer else { throw Self.unreadable(mayHaveRun: false) }
        return Int(number)
    }
}
