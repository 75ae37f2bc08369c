import Domain
import Engine
import Runtime

extension JSONObject {
    /// The response to an accepted purchase. It is the same for every request with the same idempotency key.
    init(accepted purchase: Purchase, as acceptance: Acceptance) {
        self.init()
        let id = acceptance.order.description
        let state = acceptance.expiresAt == nil ? OrderState.pending : .held
        self["ticket_id"] = .string(id)
        self["event"] = .string(purchase.event.description)
        self["quantity"] = .integer(purchase.quantity)
        self["status"] = .string(state.rawValue)
        self["status_url"] = .string("/orders/\(id)")
        self["expires_at"] = acceptance.expiresAt.map { .string(RFC3339.text($0)) }
    }

    /// An order's current state.
    init(_ order: Order) {
        self.init(changed: order)
        self["persisted"] = .boolean(order.isPersisted)
    }

    /// An order after a transition. It is the same if the transition is repeated, so it does not contain `persisted`, which
    /// changes later.
    init(changed order: Order) {
        self.init()
        self["ticket_id"] = .string(order.id.description)
        self["event"] = .string(order.event.description)
        self["quantity"] = .integer(order.quantity)
        self["status"] = .string(order.state.rawValue)
        self["claimed_at"] = .string(RFC3339.text(order.claimedAt))
        self["confirmed_at"] = order.confirmedAt.map { .string(RFC3339.text($0)) }
        self["expires_at"] = order.expiresAt.map { .string(RFC3339.text($0)) }
        self["reason"] = order.reason.map { .string($0) }
    }

    /// An event's terms and counters.
    init(_ event: EventReport) {
        self.init()
        self["id"] = .string(event.id.description)
        self["name"] = .string(event.terms.name)
        self["capacity"] = .integer(event.terms.capacity)
        self["available"] = .integer(event.available)
        self["held"] = .integer(event.held)
        self["pending"] = .integer(event.pending)
        self["sold"] = .integer(event.sold)
        self["status"] = .string(event.status.rawValue)
        self["max_quantity"] = .integer(event.terms.maxQuantity)
        self["per_customer_limit"] = event.terms.customerLimit.map { .integer($0) }
        self["hold_seconds"] = event.terms.holdSeconds.map { .integer($0) }
        self["opens_at"] = event.terms.opensAt.map { .string(RFC3339.text($0)) }
        self["closes_at"] = event.terms.closesAt.map { .string(RFC3339.text($0)) }
    }
}
