import Domain
package import RedisClient

/// Sets an event's hash to the state in the ledger. The caller has the event's row locked.
package struct PublishScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "publish", PackageResources.publish_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .lease, .messages, .rooms],
        codes: [PublicationOutcome.self])
    package static let sample = PublishScript(
        EventPublication(
            id: .demo, terms: EventTerms(name: "", capacity: 0), generation: 1, counts: UnitCounts(), revision: 1,
            isNew: true))

    private let event: EventPublication

    /// `epoch` after a backfill, which is valid in one epoch only. Without a backfill, the publication contains only
    /// the ledger's state, and its revision protects it.
    package var fence: ScriptFence { event.backfill == nil ? .none : .epoch }

    package init(_ event: EventPublication) {
        self.event = event
    }

    package func encode(into call: inout ScriptEncoder) {
        let (keys, id, terms) = (call.keys, event.id, event.terms)
        call.key("event", keys.event(id))
        call.key("queue", keys.queue)
        call.key("leases", keys.leases)
        call.keysOfSale(id)
        call.key("offers_due", keys.offersDue)
        call.key("rooms", keys.rooms)
        call.keysOfRoom(id)
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
        call.number("returning", event.returning)
        call.number("max_quantity", terms.maxQuantity)
        call.optional("customer_limit", terms.customerLimit)
        call.optional("hold_seconds", terms.holdSeconds)
        call.flag("counts_holders", terms.countsHolders)
        call.optional("max_orders", terms.maxOrders)
        call.optional("max_holds", terms.maxHolds)
        call.optional("hold_pause_seconds", terms.holdPauseSeconds)
        call.flag("has_waitlist", terms.hasWaitlist)
        call.optional("offer_seconds", terms.offerSeconds)
        call.optional("admission_rate", terms.admissionRate)
        // Without a waiting room the event has none of its terms.
        call.optional("pass_seconds", terms.hasRoom ? terms.passSeconds : nil)
        call.optional("lobby_opens_at", terms.hasRoom ? terms.lobbyOpensAt?.milliseconds : nil)
        encode(event.room, into: &call)
        call.optional("opens_at", terms.opensAt?.milliseconds)
        call.optional("closes_at", terms.closesAt?.milliseconds)
        call.flag("paused", terms.paused)
        call.text("name", terms.name)
        call.number("revision", event.revision)
        call.text("finished", keys.finished)
    }

    private func encode(_ room: RoomMarks?, into call: inout ScriptEncoder) {
        call.number("room_generation", room?.generation ?? 0)
        call.number("numbers_given", room?.numbersGiven ?? 0)
        call.number("numbers_until", room?.numbersUntil ?? 0)
        call.number("admitted_until", room?.admittedUntil ?? 0)
        call.number("ended_until", room?.endedUntil ?? 0)
        call.optional("lobby", room?.draw?.lobby)
        call.optional("drawn_at", room?.draw?.at.milliseconds)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> PublicationOutcome {
        guard let outcome = PublicationOutcome(reply) else { throw Self.unreadable() }
        return outcome
    }
}
