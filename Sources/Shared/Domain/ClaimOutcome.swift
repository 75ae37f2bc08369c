/// What became of a claim. Every refusal changed nothing.
public enum ClaimOutcome: Hashable, Sendable {
    /// The stock is taken, the order is recorded and queued.
    case accepted(claimedAt: Timestamp)
    case refused(Refusal)
}

/// Why a claim was refused.
public enum Refusal: Hashable, Sendable {
    case eventUnknown
    /// The event's stock is missing, unreadable or being rebuilt: nothing is sold until that is settled.
    case recovering
    case scheduled(opensAt: Timestamp, now: Timestamp)
    case paused
    case closed
    case quantityAboveMaximum(Int)
    case queueFull
    /// Some are left, fewer than asked for.
    case insufficientStock(available: Int)
    case soldOut
}
