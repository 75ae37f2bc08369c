import Domain
import Engine
import HTTPTypes
import Hummingbird

/// Purchases, and the orders that they lead to.
struct OrdersController: Sendable {
    let orders: OrderService
    let responders: DirectResponders

    /// `POST /orders/{id}/confirm` and `POST /orders/{id}/cancel`. Both are idempotent.
    func change(
        _ transition: OrderTransition, _ request: Request, _ context: APIRequestContext
    ) async throws -> Response {
        let id = try orderID(context)
        // The body has no fields.
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        guard let order = try await orders.lookup.find(id) else { throw Problem.orderNotFound(id) }
        var outcome = try await orders.inventory.change(order, by: transition)
        if outcome == .recovering {
            try await orders.restorer.restoreOrThrow(order.event)
            outcome = try await orders.inventory.change(order, by: transition)
        }
        switch outcome {
        case .done(let order), .already(let order): return Response(APIResponse(changed: order))
        case .conflict(let order): throw Problem(order, against: transition)
        case .holdExpired: throw Problem.holdExpired
        case .orderUnknown: throw Problem.orderNotFound(id)
        case .recovering: throw Problem(Refusal.recovering, event: order.event)
        }
    }

    func orderID(_ context: APIRequestContext) throws(Problem) -> OrderID {
        guard let id = context.parameters.get("id").flatMap({ OrderID($0) }) else {
            throw .invalid("id", "An order's id is a UUID.")
        }
        return id
    }
}
