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
        let id = try Self.orderID(context)
        // The body has no fields.
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        guard let order = try await orders.lookup.find(id) else { throw Problem.orderNotFound(id) }
        return Response(APIResponse(changed: try await orders.change(order, by: transition)))
    }

    static func orderID(_ context: APIRequestContext) throws(Problem) -> OrderID {
        guard let id = context.parameters.get("id").flatMap({ OrderID($0) }) else {
            throw .invalid("id", "An order's id is a UUID.")
        }
        return id
    }
}
