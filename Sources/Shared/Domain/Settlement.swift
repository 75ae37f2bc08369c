/// What the ledger made of a snapshot of an order.
package enum Settlement: Hashable, Sendable {
    /// It holds this version of the order or a later one. The time is when a pending order was confirmed.
    case recorded(version: Int, confirmedAt: Timestamp?)
    /// In the ledger, but not sold: the event had no room for it by the ledger's account.
    case rejected(reason: String)
    /// The event was reset since the claim, so the order is gone.
    case forgotten
    /// Nobody can settle it as it is; it is to be set aside with the reason.
    case unsettleable(reason: String)
}
