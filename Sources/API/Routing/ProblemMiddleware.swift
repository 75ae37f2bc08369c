import HTTPTypes
import Hummingbird
import Logging

/// Turns every error that a controller throws into a problem document, and adds `X-Request-Id` and, unless the controller
/// says otherwise, `Cache-Control: no-store` to every response.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let routes: RouteTable

    func handle(
        _ request: Request, context: APIRequestContext,
        next: (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.adopt(request.headers)
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let problem = routes.noRoute(request.uri.path, request.method.rawValue) ?? .routeNotFound
            response = Response(APIResponse(problem))
        } catch {
            response = Response(
                APIResponse(Problem(error, id: context.requestID, logger: context.logger)))
        }
        response.headers[.requestID] = context.requestID.description
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        // The router omits the body for HEAD only if the route exists.
        return request.method == .head ? response.createHeadResponse() : response
    }
}

extension APIRequestContext {
    /// Uses the id and the trace that the client has sent, if they are well formed.
    fileprivate mutating func adopt(_ headers: HTTPFields) {
        var given = RequestID.Given()
        if let id = headers[.requestID], RequestID.isValid(id) { given.id = id }
        given.trace = headers[.traceParent].flatMap { RequestID.trace($0) }
        guard given != .none else { return }
        requestID = RequestID(given)
        for (key, value) in requestID.metadata { logger[metadataKey: key] = value }
    }
}

extension HTTPField.Name {
    // Constants; they are valid tokens (RFC 9110).
    static let traceParent = Self("traceparent").unsafelyUnwrapped
    static let requestID = Self("X-Request-Id").unsafelyUnwrapped
}
