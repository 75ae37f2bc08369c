/// The outcome of a claim. A refusal changes nothing.
package enum ClaimOutcome: Hashable, Sendable {
    /// The units are claimed, and the order is recorded and queued.
    case accepted(Acceptance)
    /// An earlier claim with the same idempotency key created this order. The ledger has it; Redis has its id only, and does
    /// not know whether its quantity is the claim's.
    case inLedger(OrderID)
    case refused(Refusal)
    /// The event counts the orders or holds of client addresses: the claim must have one if it has no customer. Nothing was
    /// changed.
    case clientRequired
}

/// The order of an accepted claim.
package struct Acceptance: Hashable, Sendable {
    package var order: OrderID
    /// When its hold expires; nil if it has no hold and is queued for the ledger as sold.
    package var expiresAt: Timestamp?
    /// Whether an earlier claim with the same idempotency key created the order, and this claim changed nothing.
    package var isReplay: Bool

    package init(order: OrderID, expiresAt: Timestamp? = nil, isReplay: Bool = false) {
        self.order = order
        self.expiresAt = expiresAt
        self.isReplay = isReplay
    }
}

/// Why a claim is refused.
package enum Refusal: Hashable, Sendable {
    case eventUnknown
    /// The event's counters are missing, unreadable or being rebuilt; nothing is sold until they are complete.
    case recovering
    case scheduled(opensAt: Timestamp, now: Timestamp)
    case paused
    case closed
    case quantityAboveMaximum(Int)
    /// The event has a limit per customer, so the claim must name a customer.
    case customerRequired
    /// The customer would exceed the limit; `available` is the number of units the customer can still buy.
    case customerLimit(Int, available: Int)
    /// The customer, or the client address, has as many orders as the event allows.
    case orderLimit(Int)
    /// The customer, or the client address, has as many holds under way as the event allows.
    case holdLimit(Int)
    /// Holds of the customer, or of the client address, lapsed: it can hold nothing until then.
    case holdPaused(until: Timestamp, now: Timestamp)
    case queueFull
    /// Fewer units are available than requested, but at least one.
    case insufficientStock(available: Int)
    /// No unit is available, but some are held; the next hold expires at `until`.
    case allHeld(until: Timestamp, now: Timestamp)
    case soldOut
    /// The event has a waiting room, and the claim has no pass.
    case passRequired
    /// The pass is of another event, customer or generation, or was not made by this installation.
    case passInvalid
    case passExpired
    /// The claim would buy more with the pass than one order may have; `available` is what can still be bought with it.
    case passUsed(available: Int)
    /// The idempotency key belongs to an order with another quantity.
    case idempotencyKeyReused
    /// The event has no waiting list.
    case noWaitlist
    /// The units that are wanted can be bought: this many are available.
    case available(Int)
    /// The waiting list has as many places as it can have.
    case waitlistFull(Int)
    /// The customer has a place already: this order.
    case onWaitlist(OrderID)
}
