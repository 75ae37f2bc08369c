import Domain
import Engine
import HTTPTypes
import Hummingbird

/// Waiting lists. A place on one is an order, so all that can be done with orders can be done with it.
struct WaitlistController: Sendable {
    let orders: OrderService

    /// `POST /events/{id}/waitlist`: takes a place. 201, also if the request is repeated with its idempotency key.
    func join(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let event = try EventID(checked: context.parameters.get("id") ?? "", field: "id")
        let key = try IdempotencyKey.read(request.headers[values: .idempotencyKey])
        let wanted = try PlaceRequest(try await request.jsonBody(limit: BodyLimit.standard))
        let customer =
            if let tokens = orders.tokens {
                try tokens.customer(request.headers[values: .authorization], named: wanted.customer, at: .now)
            } else { wanted.customer }
        guard let customer else { throw Problem.invalid("customer", "A place on a waiting list needs a customer.") }
        var generator = SystemRandomNumberGenerator()
        let place = orders.inventory.makePlace(
            on: event, quantity: wanted.quantity, customer: customer, idempotencyKey: key, at: .now, using: &generator)
        guard let place else { throw Problem.redisIsRecovering }
        let (order, isReplay) = try await orders.join(place)
        // The place is taken, also if its position cannot be read.
        let position = (try? await position(of: order)) ?? nil
        return Response(APIResponse(joined: order, position: position, isReplay: isReplay))
    }

    /// `GET /waitlist/{id}`: the order, and the position of its place.
    func place(_ context: APIRequestContext) async throws -> Response {
        var order = try await find(context)
        var position = try await position(of: order)
        if order.state == .waiting, position == nil {
            // It has got its offer since it was read. Or Redis did not respond, and what was read is the ledger's, which is behind.
            order = try await find(context)
            position = try await self.position(of: order)
        }
        return Response(APIResponse(place: order, position: position))
    }

    /// `DELETE /waitlist/{id}`: gives the place or the offer back. A confirmed order is not cancelled.
    func leave(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        // The body has no fields.
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        let order = try await find(context)
        return Response(APIResponse(changed: try await orders.change(order, by: .leave)))
    }

    private func find(_ context: APIRequestContext) async throws -> Order {
        let id = try OrdersController.orderID(context)
        guard let order = try await orders.lookup.find(id) else { throw Problem.orderNotFound(id) }
        return order
    }

    private func position(of order: Order) async throws -> Int? {
        order.state == .waiting ? try await orders.inventory.position(of: order) : nil
    }
}
