/// What became of confirming, cancelling or expiring an order. Only `done` changed anything.
package enum TransitionOutcome: Hashable, Sendable {
    case done(Order)
    /// It was in the wanted state already.
    case already(Order)
    /// Its present state does not allow it.
    case conflict(Order)
    /// Its hold is over, whether or not that has been carried out yet.
    case holdExpired
    /// There is no such order in the event's present generation.
    case orderUnknown
    /// The event's counters are missing, unreadable or being rebuilt.
    case recovering
}
