import Domain
import Hummingbird

/// The query of `GET /admin/orders`.
struct OrderListRequest {
    private static let known: Set<String> = ["event", "customer", "status", "after", "limit"]

    var event: EventID?
    var customer: String?
    var state: OrderState?
    /// The last id of the page before; nil for the first page.
    var after: OrderID?
    var limit = 100

    init(_ request: Request) throws(Problem) {
        let query = try QueryParameters(request, known: Self.known)
        if let text = query["event"] { event = try EventID(checked: text, field: "event") }
        customer = query["customer"]
        if let customer, !BuyRequest.isCustomer(customer) { throw .invalidCustomer }
        if let text = query["status"] {
            state = OrderState(rawValue: text)
            guard state != nil else {
                let states = OrderState.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid("status", "status must be one of \(states).")
            }
        }
        after = try query.order("after")
        limit = try query.integer("limit", in: Page.limitRange) ?? limit
    }
}
