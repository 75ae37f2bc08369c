import Domain
import Ledger
import Runtime

extension JSONObject {
    /// A row of the ledger.
    init(_ order: LedgerOrder) {
        self.init()
        self["ticket_id"] = .string(order.id.description)
        self["event"] = .string(order.event.description)
        self["customer"] = order.customer.map { .string($0) }
        self["quantity"] = .integer(order.quantity)
        self["status"] = .string(order.state.rawValue)
        self["reason"] = order.reason.map { .string($0) }
        self["version"] = .integer(order.version)
        self["claimed_at"] = .string(RFC3339.text(order.claimedAt))
        self["confirmed_at"] = order.confirmedAt.map { .string(RFC3339.text($0)) }
        self["expires_at"] = order.expiresAt.map { .string(RFC3339.text($0)) }
        self["recorded_at"] = .string(RFC3339.text(order.recordedAt))
    }

    /// What Redis has of an order.
    init(live order: Order) {
        self.init()
        self["status"] = .string(order.state.rawValue)
        self["expires_at"] = order.expiresAt.map { .string(RFC3339.text($0)) }
    }

    init(_ step: OrderHistory.Step) {
        self.init()
        self["status"] = .string(step.state.rawValue)
        self["at"] = step.at.map { .string(RFC3339.text($0)) }
    }
}
