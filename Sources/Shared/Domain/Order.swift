/// An order in Redis or in the ledger.
package struct Order: Hashable, Sendable {
    package var id: OrderID
    package var event: EventID
    /// The event's generation at the time of the claim; a reset starts a new generation.
    package var generation: Int
    package var quantity: Int
    package var customer: String?
    package var state: OrderState
    /// The number of changes of the order; the claim is version 1. Of two copies of an order, the one with the higher
    /// version is valid.
    package var version: Int
    /// The last version that is known to be in the ledger; 0: none.
    package var ledgerVersion: Int
    /// Its number among the orders of its partition that were claimed without a hold; nil if it has none. Only Redis
    /// knows it, and only of an order whose record is as the claim wrote it.
    package var sequence: Int?
    /// When the units were claimed, or the place on the waiting list was taken, measured with the Redis server's clock. An
    /// offer does not change it.
    package var claimedAt: Timestamp
    /// When the order was confirmed: by the customer, measured with the Redis server's clock; or, if there was no hold,
    /// by the ledger, measured with the PostgreSQL server's clock.
    package var confirmedAt: Timestamp?
    /// When its hold expires, if it has or had one, measured with the Redis server's clock.
    package var expiresAt: Timestamp?
    /// Why the order was rejected, or its place removed from the waiting list.
    package var reason: String?

    package init(
        id: OrderID, event: EventID, generation: Int = 1, quantity: Int, customer: String? = nil, state: OrderState,
        version: Int = 1, ledgerVersion: Int = 0,
        sequence: Int? = nil, claimedAt: Timestamp, confirmedAt: Timestamp? = nil, expiresAt: Timestamp? = nil,
        reason: String? = nil
    ) {
        self.id = id
        self.event = event
        self.generation = generation
        self.quantity = quantity
        self.customer = customer
        self.state = state
        self.version = version
        self.ledgerVersion = ledgerVersion
        self.sequence = sequence
        self.claimedAt = claimedAt
        self.confirmedAt = confirmedAt
        self.expiresAt = expiresAt
        self.reason = reason
    }

    /// Whether this snapshot releases units in the ledger. One that ends a place on a waiting list has the same form and
    /// counts as a release of units: see transition.lua.
    package var releasesUnits: Bool { state == .cancelled || state == .expired }

    /// Whether the ledger has this version of the order.
    package var isPersisted: Bool { ledgerVersion >= version }
}

/// A valid purchase request, ready to be claimed.
package struct Purchase: Hashable, Sendable {
    /// Derived from the idempotency key if the purchase has one, so that a repetition finds the first order.
    package var id: OrderID
    package var event: EventID
    package var quantity: Int
    package var customer: String?
    /// The client's address, for events that count the orders or holds of addresses. Not used if there is a customer, and not
    /// stored with the order.
    package var client: String?
    /// The id of the first order with the idempotency key, if it was made in another way than `id`; nil if it cannot have been.
    package var otherID: OrderID?
    /// The pass of the event's waiting room.
    package var pass: AdmissionPass?

    package init(
        id: OrderID, event: EventID, quantity: Int, customer: String? = nil, client: String? = nil,
        otherID: OrderID? = nil
    ) {
        self.client = client
        self.id = id
        self.event = event
        self.quantity = quantity
        self.customer = customer
        self.otherID = otherID
    }
}
