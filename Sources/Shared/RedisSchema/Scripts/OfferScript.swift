package import Domain
package import RedisClient

/// Offers units to places on the waiting list of an event, and ends the places when the sale has ended.
///
/// The first call names no place. Its reply names those that are next; the caller repeats the call with them until there are
/// none.
package struct OfferScript: PartitionScript {
    /// Places of one call, which takes well under 1 ms.
    package static let sizeLimit = 128

    package struct Reply: Hashable, Sendable {
        /// Places that got an offer.
        package var offered: Int
        /// Places that were cancelled.
        package var ended: Int
        /// The orders whose places are next.
        package var next: [OrderID]
    }

    package static let lua = LuaScript(
        Self.self, "offer", PackageResources.offer_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .orders, .holders, .messages, .places])
    package static let sample = OfferScript([OrderID(milliseconds: 0, partition: 0, random: 0)], of: .demo)

    private let places: [OrderID]
    private let id: EventID

    package var fence: ScriptFence { .epoch }

    /// - Parameter places: orders that wait for the event; those that are not next are left.
    package init(_ places: [OrderID], of id: EventID) {
        precondition(places.count <= Self.sizeLimit)
        self.places = places
        self.id = id
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("event", keys.event(id))
        call.key("waiting", keys.waiting(id))
        call.key("waiters", keys.waiters(id))
        call.key("customers", keys.customers(id))
        call.key("holds", keys.holds(id))
        call.key("holders", keys.holders(id))
        call.key("events_with_holds", keys.eventsWithHolds)
        call.key("offers_due", keys.offersDue)
        call.key("queue", keys.queue)
        call.key("pending_releases", keys.pendingReleases)
        call.text("id", id.description)
        call.text("finished", keys.finished)
        call.number("default_seconds", EventTerms.defaultOfferSeconds)
        call.number("place_limit", Self.sizeLimit)
        call.rows("places", places) { row, place in
            row.key("record_key", recordOf: place)
            row.text("id", place)
        }
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> Reply {
        guard let values = reply.array, values.count >= 2, let offered = values[0].integer,
            let ended = values[1].integer
        else { throw Self.unreadable() }
        return Reply(
            offered: Int(offered), ended: Int(ended), next: values.dropFirst(2).compactMap { OrderID($0.string ?? "") })
    }
}
