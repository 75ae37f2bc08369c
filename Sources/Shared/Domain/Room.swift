/// What the ledger keeps of a waiting room while Redis counts: marks that are written before they are reached, and two that are
/// written later. If Redis loses the room, it continues there, so that no number is given twice, nobody who was admitted waits
/// again, and whose pass was valid has one.
package struct RoomMarks: Hashable, Sendable {
    package var event: EventID
    package var generation: Int
    /// All numbers up to this one belong to people, as far as they are not admitted.
    package var numbersGiven: Int
    /// No higher number was given.
    package var numbersUntil: Int
    /// Nobody with a higher rank was admitted.
    package var admittedUntil: Int
    /// No pass of a rank up to this one is valid.
    package var endedUntil: Int
    /// Nil before the draw.
    package var draw: RoomDraw?

    package init(
        event: EventID, generation: Int, numbersGiven: Int = 0, numbersUntil: Int = 0, admittedUntil: Int = 0,
        endedUntil: Int = 0, draw: RoomDraw? = nil
    ) {
        self.event = event
        self.generation = generation
        self.numbersGiven = numbersGiven
        self.numbersUntil = numbersUntil
        self.admittedUntil = admittedUntil
        self.endedUntil = endedUntil
        self.draw = draw
    }
}

/// The end of a lobby: the places up to this number are drawn, later ones are in the order of their numbers.
package struct RoomDraw: Hashable, Sendable {
    package var lobby: Int
    /// Measured with the Redis server's clock.
    package var at: Timestamp

    package init(lobby: Int, at: Timestamp) {
        self.lobby = lobby
        self.at = at
    }
}

/// Why a waiting room admits nobody at the moment.
package enum RoomStop: String, CaseIterable, Hashable, Sendable {
    case notOpen = "not_open"
    case paused, closed
    /// The ledger does not have the draw yet, or orders wait for the ledger for more than 5 seconds.
    case behind
    case soldOut = "sold_out"
    /// All remaining units are held.
    case allHeld = "all_held"
    /// As many passes are valid and unused as units are available.
    case passes
    /// Nobody waits.
    case empty
}

/// The outcome of joining a waiting room.
package enum JoinOutcome: Hashable, Sendable {
    /// - Parameter isReplay: whether the customer, or the key, had the place already.
    case joined(number: Int, generation: Int, isReplay: Bool)
    case eventUnknown
    /// The event or its room is being recovered; nothing was changed.
    case recovering
    case noRoom
    case notOpen(opensAt: Timestamp, now: Timestamp)
    case closed
    /// The ledger has not allowed further numbers yet; nothing was changed.
    case busy
}

/// A pass of the waiting room whose signature is valid.
package struct AdmissionPass: Hashable, Sendable {
    package var number: Int
    package var generation: Int
    package var end: Timestamp

    package init(number: Int, generation: Int, end: Timestamp) {
        self.number = number
        self.generation = generation
        self.end = end
    }
}
