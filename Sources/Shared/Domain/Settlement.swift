/// The result of writing a snapshot of an order to the ledger.
package enum Settlement: Hashable, Sendable {
    /// The ledger has this version of the order or a later one. The time is when a pending order was confirmed.
    case recorded(version: Int, confirmedAt: Timestamp?)
    /// The order is in the ledger, but rejected: in the ledger the event has too few units left.
    case rejected(reason: String)
    /// The event was reset after the claim, so the order is deleted.
    case forgotten
    /// No worker can settle the snapshot; it must be dead-lettered with the reason.
    case unsettleable(reason: String)
}
