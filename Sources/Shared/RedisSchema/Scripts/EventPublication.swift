package import Domain

/// The state of an event that is published in Redis.
package struct EventPublication: Hashable, Sendable {
    package var id: EventID
    package var terms: EventTerms
    package var generation: Int
    /// Units in the ledger. `pending` are units of dead letters that the ledger does not have.
    package var counts: UnitCounts
    /// Units whose return is dead-lettered: the ledger counts them until the dead letter is requeued and settled.
    package var returning: Int
    /// A number that increases with each publication, lowering and closing of the event.
    package var revision: Int
    /// Whether no order of this generation can exist yet.
    package var isNew: Bool
    /// The completed backfill; nil if there is none.
    package var backfill: Backfill?
    /// The marks of its waiting room; nil if it has none.
    package var room: RoomMarks?

    /// A completed backfill of the event.
    package struct Backfill: Hashable, Sendable {
        package var token: String
        /// The stamp that the event's row in the ledger had when it was read.
        package var stamp: String

        package init(token: String, stamp: String) {
            self.token = token
            self.stamp = stamp
        }
    }

    package init(
        id: EventID, terms: EventTerms, generation: Int, counts: UnitCounts, returning: Int = 0, revision: Int,
        isNew: Bool, backfill: Backfill? = nil, room: RoomMarks? = nil
    ) {
        self.id = id
        self.terms = terms
        self.generation = generation
        self.counts = counts
        self.returning = returning
        self.revision = revision
        self.isNew = isNew
        self.backfill = backfill
        self.room = room
    }
}

/// The result of a publication.
package enum PublicationOutcome: Int, ScriptCode {
    case published
    /// Redis has a later generation or revision already.
    case superseded
    /// The event is missing in Redis while orders are queued or leased, so its stock is not known yet; nothing was
    /// changed.
    case ordersInFlight
    /// The new capacity is below what is claimed; nothing was changed.
    case belowClaimed
    /// The event is missing in Redis, and its orders have to be backfilled first; nothing was changed.
    case needsBackfill

    /// Whether Redis does not have the event's state yet, and may have it after another attempt.
    package var isIncomplete: Bool { self == .ordersInFlight || self == .needsBackfill }
}
