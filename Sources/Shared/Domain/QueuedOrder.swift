/// A claimed order on its way to the ledger.
public struct QueuedOrder: Hashable, Sendable {
    public var id: OrderID
    public var event: EventID
    /// The event's generation at the time of the claim; a reset begins a new one.
    public var generation: Int
    public var quantity: Int
    public var customer: String?
    public var claimedAt: Timestamp

    public init(
        id: OrderID, event: EventID, generation: Int, quantity: Int, customer: String? = nil, claimedAt: Timestamp
    ) {
        self.id = id
        self.event = event
        self.generation = generation
        self.quantity = quantity
        self.customer = customer
        self.claimedAt = claimedAt
    }
}

extension Order {
    init(_ queued: QueuedOrder, state: OrderState) {
        self.init(
            id: queued.id, event: queued.event, quantity: queued.quantity, customer: queued.customer, state: state,
            claimedAt: queued.claimedAt)
    }
}

/// What the ledger made of a queued order.
public enum Settlement: Hashable, Sendable {
    case confirmed(at: Timestamp)
    /// In the ledger, but not sold: the event had no room for it by the ledger's account.
    case rejected(reason: String)
    /// The event was reset since the claim, so the order is gone.
    case forgotten
    /// Nobody can settle it as it is; it is to be set aside with the reason.
    case unsettleable(reason: String)
}
