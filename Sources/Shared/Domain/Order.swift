/// An order as Redis or the ledger knows it.
package struct Order: Hashable, Sendable {
    package var id: OrderID
    package var event: EventID
    /// The event's generation at the time of the claim; a reset begins a new one.
    package var generation: Int
    package var quantity: Int
    package var customer: String?
    package var state: OrderState
    /// How many times the order has changed since it is known, the claim being the first. Of two accounts of an order the
    /// one with the higher version stands.
    package var version: Int
    /// The version that the ledger holds, as far as is known; 0 for none.
    package var ledgerVersion: Int
    /// When the stock was claimed, by Redis's clock.
    package var claimedAt: Timestamp
    /// When it was confirmed: by the customer, by Redis's clock, or where there was no hold by the ledger, by Postgres's.
    package var confirmedAt: Timestamp?
    /// When its hold ends, where it has or had one, by Redis's clock.
    package var expiresAt: Timestamp?
    /// Why it was rejected.
    package var reason: String?

    package init(
        id: OrderID, event: EventID, generation: Int = 1, quantity: Int, customer: String? = nil, state: OrderState,
        version: Int = 1, ledgerVersion: Int = 0,
        claimedAt: Timestamp, confirmedAt: Timestamp? = nil, expiresAt: Timestamp? = nil, reason: String? = nil
    ) {
        self.id = id
        self.event = event
        self.generation = generation
        self.quantity = quantity
        self.customer = customer
        self.state = state
        self.version = version
        self.ledgerVersion = ledgerVersion
        self.claimedAt = claimedAt
        self.confirmedAt = confirmedAt
        self.expiresAt = expiresAt
        self.reason = reason
    }

    /// Whether this snapshot tells the ledger of units that are for sale again.
    package var releasesUnits: Bool { state == .cancelled || state == .expired }

    /// Whether the ledger holds the order as it stands.
    package var isPersisted: Bool { ledgerVersion >= version }
}

/// A claim that has been checked for form and can be put to the inventory.
package struct Purchase: Hashable, Sendable {
    /// Made from the purchase's idempotency key where it has one: a repetition is answered with the first order.
    package var id: OrderID
    package var event: EventID
    package var quantity: Int
    package var customer: String?

    package init(id: OrderID, event: EventID, quantity: Int, customer: String? = nil) {
        self.id = id
        self.event = event
        self.quantity = quantity
        self.customer = customer
    }
}
