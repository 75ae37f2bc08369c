/// The outcome of a request for a place on a waiting list. A refusal changes nothing.
package enum WaitOutcome: Hashable, Sendable {
    /// The place is taken, and its order is recorded and queued.
    case joined(OrderID)
    /// An earlier request with the same idempotency key created this order, whatever has become of it since.
    case replayed(OrderID)
    /// The same, but Redis has the order's id only, and does not know whether its quantity is the request's.
    case inLedger(OrderID)
    case refused(Refusal)
}
