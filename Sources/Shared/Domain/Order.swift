/// An order as Redis or the ledger knows it.
public struct Order: Hashable, Sendable {
    public var id: OrderID
    public var event: EventID
    public var quantity: Int
    public var customer: String?
    public var state: OrderState
    /// When the stock was claimed, by Redis's clock.
    public var claimedAt: Timestamp
    /// When the ledger confirmed it, by Postgres's clock.
    public var confirmedAt: Timestamp?
    /// Why it was rejected.
    public var reason: String?

    public init(
        id: OrderID, event: EventID, quantity: Int, customer: String? = nil, state: OrderState,
        claimedAt: Timestamp, confirmedAt: Timestamp? = nil, reason: String? = nil
    ) {
        self.id = id
        self.event = event
        self.quantity = quantity
        self.customer = customer
        self.state = state
        self.claimedAt = claimedAt
        self.confirmedAt = confirmedAt
        self.reason = reason
    }
}

/// A claim that has been checked for form and can be put to the inventory.
public struct Purchase: Hashable, Sendable {
    public var id: OrderID
    public var event: EventID
    public var quantity: Int
    public var customer: String?

    public init(id: OrderID, event: EventID, quantity: Int, customer: String? = nil) {
        self.id = id
        self.event = event
        self.quantity = quantity
        self.customer = customer
    }
}
