import HTTPTypes
import Hummingbird

extension OrdersController {
    /// `POST /buy`, in the forms that a connection does not answer itself (see ``DirectRequest``).
    func buy(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let headers = ClientHeaders(request.headers)
        let body = try await request.completeBody(limit: BodyLimit.standard)
        return Response(
            await responders.response(to: .buy(headers), body: body, peer: context.peer, id: context.requestID))
    }

    /// `GET /orders/{id}`, in the forms that a connection does not answer itself. If the client asked to wait, it has
    /// already waited when this is called (see ``ConnectionState``).
    func order(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let id = try Self.orderID(context)
        let wait = try WaitPreference(uri: request.uri, headers: request.headers)
        return Response(await responders.response(to: .order(id, wait), peer: context.peer, id: context.requestID))
    }
}
