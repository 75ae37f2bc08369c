import Domain
import Engine
import HTTPTypes
import Hummingbird
import Runtime

/// Purchases, and the orders that they lead to.
struct OrdersController: Sendable {
    let inventory: Inventory
    let orders: OrderLookup
    let restorer: EventRestorer
    let metrics: ClaimMetrics

    /// `GET /orders/{id}`. If the client asked to wait, it has already waited when this is called (see
    /// ``ConnectionHandler``).
    func order(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let id = try orderID(context)
        let wait = try WaitPreference(uri: request.uri, headers: request.headers)
        guard let order = try await orders.find(id) else { throw Problem.orderNotFound(id) }
        var headers: HTTPFields = order.state == .pending ? [.retryAfter: "1"] : [:]
        if wait.isFromHeader { headers[.preferenceApplied] = "wait=\(wait.seconds)" }
        return .json(JSONObject(order), headers: headers)
    }

    /// `POST /orders/{id}/confirm` and `POST /orders/{id}/cancel`. Both are idempotent.
    func change(
        _ transition: OrderTransition, _ request: Request, _ context: APIRequestContext
    ) async throws -> Response {
        let id = try orderID(context)
        // The body has no fields.
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        guard let order = try await orders.find(id) else { throw Problem.orderNotFound(id) }
        var outcome = try await inventory.change(order, by: transition)
        if outcome == .recovering {
            try await restorer.restoreOrThrow(order.event)
            outcome = try await inventory.change(order, by: transition)
        }
        switch outcome {
        case .done(let order), .already(let order): return .json(JSONObject(changed: order))
        case .conflict(let order): throw Problem(order, against: transition)
        case .holdExpired: throw Problem.holdExpired
        case .orderUnknown: throw Problem.orderNotFound(id)
        case .recovering: throw Problem(Refusal.recovering, event: order.event)
        }
    }

    private func orderID(_ context: APIRequestContext) throws(Problem) -> OrderID {
        guard let id = context.parameters.get("id").flatMap({ OrderID($0) }) else {
            throw .invalid("id", "An order's id is a UUID.")
        }
        return id
    }
}
