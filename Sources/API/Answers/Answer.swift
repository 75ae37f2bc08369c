import HTTPTypes
import Hummingbird
import Shared

extension Response {
    /// A JSON object as the whole answer.
    static func json(
        _ object: JSONObject, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: object.text)))
    }
}

extension JSONObject {
    /// The answer to an accepted purchase.
    init(accepted purchase: Purchase) {
        self.init()
        let id = purchase.id.description
        self["ticket_id"] = .string(id)
        self["event"] = .string(purchase.event.description)
        self["quantity"] = .integer(purchase.quantity)
        self["status"] = .string(OrderState.pending.rawValue)
        self["status_url"] = .string("/orders/\(id)")
    }

    init(_ order: Order) {
        self.init()
        self["ticket_id"] = .string(order.id.description)
        self["event"] = .string(order.event.description)
        self["quantity"] = .integer(order.quantity)
        self["status"] = .string(order.state.rawValue)
        self["persisted"] = .boolean(order.state != .pending)
        self["claimed_at"] = .string(RFC3339.text(order.claimedAt))
        self["confirmed_at"] = order.confirmedAt.map { .string(RFC3339.text($0)) }
        self["reason"] = order.reason.map { .string($0) }
    }

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
        self["opens_at"] = event.terms.opensAt.map { .string(RFC3339.text($0)) }
        self["closes_at"] = event.terms.closesAt.map { .string(RFC3339.text($0)) }
    }
}
