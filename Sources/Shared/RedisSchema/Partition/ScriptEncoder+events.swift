import Domain

/// The keys that scripts know by the same names, because they make or delete all of them.
extension ScriptEncoder {
    /// What the orders of an event count. A reset and a backfill begin it anew.
    mutating func keysOfSale(_ id: EventID) {
        key("customers", keys.customers(id))
        key("holds", keys.holds(id))
        key("holders", keys.holders(id))
        key("lapsed", keys.lapsed(id))
        key("waiting", keys.waiting(id))
        key("waiters", keys.waiters(id))
    }

    /// The waiting room of an event.
    mutating func keysOfRoom(_ id: EventID) {
        key("room", keys.room(id))
        key("places", keys.places(id))
        key("ticks", keys.ticks(id))
        key("passes", keys.passes(id))
    }
}
