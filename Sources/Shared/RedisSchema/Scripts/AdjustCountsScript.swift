package import Domain
import RedisClient

/// Adds to an event's counters. False if the event is not loaded. The caller has the event's row locked.
package struct AdjustCountsScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "adjust_counts", PackageResources.adjust_counts_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock])
    package static let sample = AdjustCountsScript(.demo, generation: 1, by: UnitCounts())

    private let id: EventID
    private let generation: Int
    private let moves: UnitCounts

    package var fence: ScriptFence { .epoch }

    package init(_ id: EventID, generation: Int, by moves: UnitCounts) {
        self.id = id
        self.generation = generation
        self.moves = moves
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("event", call.keys.event(id))
        call.key("waiting", call.keys.waiting(id))
        call.key("offers_due", call.keys.offersDue)
        call.text("id", id.description)
        call.text("generation", String(generation))
        call.number("stock", moves.available)
        call.number("pending", moves.pending)
        call.number("held", moves.held)
        call.number("sold", moves.sold)
    }
}
