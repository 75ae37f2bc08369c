/// Where an order is in its life.
///
/// ```
/// pending ──persist──▶ confirmed ──cancel──▶ cancelled
///    └─────reject────▶ rejected
/// held ──confirm──▶ confirmed      held ──cancel──▶ cancelled      held ──expire──▶ expired
/// ```
public enum OrderState: String, Sendable, CaseIterable {
    /// Claimed in Redis, on its way to the ledger.
    case pending
    /// Claimed for a limited time; the customer has yet to confirm.
    case held
    /// Sold, and in the ledger.
    case confirmed
    /// The ledger had the last word and refused it.
    case rejected
    /// Given back by the customer.
    case cancelled
    /// Given back because its hold ended.
    case expired

    /// Whether no transition leads away from this state.
    public var isFinal: Bool {
        OrderTransition.allCases.allSatisfy { after($0) == nil }
    }

    /// The state that `transition` leads to from here, or nil where it is not allowed.
    public func after(_ transition: OrderTransition) -> OrderState? {
        switch (self, transition) {
        case (.pending, .persist): .confirmed
        case (.pending, .reject): .rejected
        case (.held, .confirm): .confirmed
        case (.held, .cancel), (.confirmed, .cancel): .cancelled
        case (.held, .expire): .expired
        default: nil
        }
    }
}

/// What can happen to an order.
public enum OrderTransition: Sendable, CaseIterable {
    case persist, reject, confirm, cancel, expire
}
