import Domain

/// What Redis is told about an event.
package struct EventPublication: Hashable, Sendable {
    package var id: EventID
    package var terms: EventTerms
    package var generation: Int
    /// Units by the ledger; `pending` are units of dead letters that the ledger does not have.
    package var counts: UnitCounts
    /// Higher with each publication, lowering and closing of the event.
    package var revision: Int
    /// Whether no order of this generation can exist yet.
    package var isNew: Bool
    /// The backfill that has been done; nil if none has.
    package var backfill: Backfill?

    /// A backfill of the event that has been done.
    package struct Backfill: Hashable, Sendable {
        package var token: String
        /// The stamp of the event's row in the ledger that it was read under.
        package var stamp: String

        package init(token: String, stamp: String) {
            self.token = token
            self.stamp = stamp
        }
    }

    package init(
        id: EventID, terms: EventTerms, generation: Int, counts: UnitCounts, revision: Int, isNew: Bool,
        backfill: Backfill? = nil
    ) {
        self.id = id
        self.terms = terms
        self.generation = generation
        self.counts = counts
        self.revision = revision
        self.isNew = isNew
        self.backfill = backfill
    }
}

/// The result of a publication.
package enum PublicationOutcome: Int, ScriptCode {
    case published
    /// Redis has a later generation or revision already.
    case superseded
    /// The event is missing in Redis while orders are queued or leased, so its stock is not known yet.
    case ordersInFlight
    /// The new capacity is below what is claimed; nothing was changed.
    case belowClaimed
    /// The event is missing in Redis, and its orders have to be backfilled first; nothing was changed.
    case needsBackfill

    /// Whether the event is not on sale as the ledger has it, and may be after another attempt.
    package var isIncomplete: Bool { self == .ordersInFlight || self == .needsBackfill }
}
