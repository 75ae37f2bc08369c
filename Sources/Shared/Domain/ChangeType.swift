/// What a change is, as other systems are told of it.
package enum ChangeType: String, CaseIterable, Sendable {
    /// A place on a waiting list was taken.
    case orderWaiting = "order.waiting"
    /// Units were held: for a purchase, or as an offer to a place on a waiting list.
    case orderHeld = "order.held"
    case orderConfirmed = "order.confirmed"
    case orderCancelled = "order.cancelled"
    case orderExpired = "order.expired"
    case orderRejected = "order.rejected"
    /// The last unit of an event was sold. It can happen again, after an order was cancelled or the capacity was raised.
    case eventSoldOut = "event.sold_out"
    /// An event was created, changed, reset or deleted.
    case eventChanged = "event.changed"
    /// A message to one endpoint on request; no change.
    case test = "webhook.test"

    /// Those that an endpoint can want.
    package static let wanted = allCases.filter { $0 != .test }

    /// The state of an order after the change; nil for a change of an event.
    package var orderState: OrderState? {
        switch self {
        case .orderWaiting: .waiting
        case .orderHeld: .held
        case .orderConfirmed: .confirmed
        case .orderCancelled: .cancelled
        case .orderExpired: .expired
        case .orderRejected: .rejected
        case .eventSoldOut, .eventChanged, .test: nil
        }
    }
}
