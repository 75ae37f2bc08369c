/// The outcome of confirming, cancelling or expiring an order. Only `done` changes data.
package enum TransitionOutcome: Hashable, Sendable {
    case done(Order)
    /// The order is already in the requested state.
    case already(Order)
    /// The state of the order does not allow the transition.
    case conflict(Order)
    /// The hold of the order has ended, whether or not the order is expired yet.
    case holdExpired
    /// The event's current generation has no such order.
    case orderUnknown
    /// The event's counters are missing, unreadable or being rebuilt.
    case recovering
}
