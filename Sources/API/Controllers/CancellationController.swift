import Domain
import Hummingbird
import Logging

/// Orders that an operator cancels.
struct CancellationController: Sendable {
    let access: AdminAccess
    let orders: OrderService
    let trail: AuditTrail

    /// `POST /admin/orders/{id}/cancel`: as `POST /orders/{id}/cancel`.
    func cancel(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let id = try OrdersController.orderID(context)
        // The body has no fields.
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        guard let order = try await orders.lookup.find(id) else { throw Problem.orderNotFound(id) }
        let cancelled = try await trail.recording(
            .orderCancel, of: id.description, before: AuditDetails(order), by: author, logger: context.logger
        ) {
            let cancelled = try await orders.change(order, by: .cancel)
            return (cancelled, after: AuditDetails(cancelled))
        }
        context.logger.notice("order cancelled", metadata: ["order": "\(id)", "by": "\(author.actor)"])
        return Response(APIResponse(changed: cancelled))
    }
}
