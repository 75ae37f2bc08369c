/// The state of an order.
///
/// ```
/// pending ──persist──▶ confirmed ──cancel──▶ cancelled
/// held ────confirm───▶ confirmed      held ──cancel──▶ cancelled      held ──expire──▶ expired
/// waiting ──offer──▶ held                waiting, held ──leave──▶ cancelled
/// pending, held, confirmed ──reject──▶ rejected
/// ```
/// The ledger rejects an order if Redis sold units that do not exist. So a confirmed order can be rejected only while
/// the ledger has no row for it.
package enum OrderState: String, Sendable, CaseIterable {
    /// Claimed in Redis and queued, not yet in the ledger.
    case pending
    /// Claimed for a limited time; the customer has not confirmed yet.
    case held
    /// A place on the waiting list of its event; it has no units.
    case waiting
    /// Sold, and in the ledger.
    case confirmed
    /// Refused by the ledger.
    case rejected
    /// Cancelled by the customer, or a place that was removed from the waiting list; its units are released.
    case cancelled
    /// Its hold expired; its units are released.
    case expired

    /// Whether the state has no transition to another state.
    package var isFinal: Bool {
        OrderTransition.allCases.allSatisfy { after($0) == nil }
    }

    /// Whether the order's units are not for sale.
    package var holdsUnits: Bool {
        switch self {
        case .pending, .held, .confirmed: true
        case .waiting, .rejected, .cancelled, .expired: false
        }
    }

    /// The state after `transition`, or nil if the transition is not allowed.
    package func after(_ transition: OrderTransition) -> OrderState? {
        switch (self, transition) {
        case (.pending, .persist): .confirmed
        case (.pending, .reject), (.held, .reject), (.confirmed, .reject): .rejected
        case (.held, .confirm): .confirmed
        case (.held, .cancel), (.confirmed, .cancel): .cancelled
        case (.held, .expire): .expired
        case (.waiting, .offer): .held
        case (.waiting, .cancel), (.waiting, .leave), (.held, .leave): .cancelled
        default: nil
        }
    }
}

/// A change of an order's state.
package enum OrderTransition: String, Sendable, CaseIterable {
    case persist, reject, confirm, cancel, expire
    /// Units are offered to a place on the waiting list, which has to be confirmed.
    case offer
    /// As ``cancel``, but of a place or an offer only: a confirmed order is not cancelled.
    case leave
}
