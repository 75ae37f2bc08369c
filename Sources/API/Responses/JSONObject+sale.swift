import Domain
import Engine
import Runtime

extension JSONObject {
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
        self["max_orders"] = event.terms.maxOrders.map { .integer($0) }
        self["max_holds"] = event.terms.maxHolds.map { .integer($0) }
        self["hold_pause_seconds"] = event.terms.holdPauseSeconds.map { .integer($0) }
        if event.terms.hasWaitlist { self["waitlist"] = .boolean(true) }
        self["offer_seconds"] = event.terms.offerSeconds.map { .integer($0) }
        if event.terms.hasWaitlist || event.waiting > 0 { self["waiting"] = .integer(event.waiting) }
        self["admission_rate"] = event.terms.admissionRate.map { .integer($0) }
        if event.terms.hasRoom { self["pass_seconds"] = .integer(event.terms.passSeconds) }
        self["lobby_opens_at"] = event.terms.lobbyOpensAt.map { .string(RFC3339.text($0)) }
        self["opens_at"] = event.terms.opensAt.map { .string(RFC3339.text($0)) }
        self["closes_at"] = event.terms.closesAt.map { .string(RFC3339.text($0)) }
        self["archived"] = .boolean(event.terms.isArchived)
    }
}
