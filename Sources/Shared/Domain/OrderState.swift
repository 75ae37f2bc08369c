/// Where an order is in its life.
///
/// ```
/// pending ──persist──▶ confirmed ──cancel──▶ cancelled
/// held ────confirm───▶ confirmed      held ──cancel──▶ cancelled      held ──expire──▶ expired
/// pending, held, confirmed ──reject──▶ rejected
/// ```
/// The ledger rejects where Redis sold what does not exist; so a confirmed order can be rejected only as long as the
/// ledger has no row for it.
package enum OrderState: String, Sendable, CaseIterable {
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
    package var isFinal: Bool {
        OrderTransition.allCases.allSatisfy { after($0) == nil }
    }

    /// Whether the order's units are its customer's: they are not for sale.
    package var holdsUnits: Bool {
        switch self {
        case .pending, .held, .confirmed: true
        case .rejected, .cancelled, .expired: false
        }
    }

    /// The state that `transition` leads to from here, or nil where it is not allowed.
    package func after(_ transition: OrderTransition) -> OrderState? {
        switch (self, transition) {
        case (.pending, .persist): .confirmed
        case (.pending, .reject), (.held, .reject), (.confirmed, .reject): .rejected
        case (.held, .confirm): .confirmed
        case (.held, .cancel), (.confirmed, .cancel): .cancelled
        case (.held, .expire): .expired
        default: nil
        }
    }
}

/// What can happen to an order.
package enum OrderTransition: String, Sendable, CaseIterable {
    case persist, reject, confirm, cancel, expire
}
