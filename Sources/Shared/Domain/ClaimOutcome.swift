/// What became of a claim. Every refusal changed nothing.
package enum ClaimOutcome: Hashable, Sendable {
    /// The stock is taken, the order is recorded and queued.
    case accepted(Acceptance)
    case refused(Refusal)
}

/// An order that a claim led to.
package struct Acceptance: Hashable, Sendable {
    package var order: OrderID
    /// When its hold ends; nil where it has none and is on its way to the ledger as sold.
    package var expiresAt: Timestamp?
    /// Whether an earlier claim with the same idempotency key made it, and this one changed nothing.
    package var isReplay: Bool

    package init(order: OrderID, expiresAt: Timestamp? = nil, isReplay: Bool = false) {
        self.order = order
        self.expiresAt = expiresAt
        self.isReplay = isReplay
    }
}

/// Why a claim was refused.
package enum Refusal: Hashable, Sendable {
    case eventUnknown
    /// The event's stock is missing, unreadable or being rebuilt: nothing is sold until that is settled.
    case recovering
    case scheduled(opensAt: Timestamp, now: Timestamp)
    case paused
    case closed
    case quantityAboveMaximum(Int)
    /// The event has a limit for each customer, so it must be said who buys.
    case customerRequired
    /// The customer would have more than the limit; so many more can be had.
    case customerLimit(Int, available: Int)
    case queueFull
    /// Some are left, fewer than asked for.
    case insufficientStock(available: Int)
    /// None is left for sale, but some are held: the next hold ends at this moment.
    case allHeld(until: Timestamp, now: Timestamp)
    case soldOut
    /// The idempotency key belongs to an order of another quantity.
    case idempotencyKeyReused
}
