import HTTPTypes
import Hummingbird

/// Turns every error that a controller throws into a problem document, and adds `X-Request-Id` to every response.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let routes: RouteTable

    func handle(
        _ request: Request, context: APIRequestContext,
        next: (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            response = Response(APIResponse(noRoute(request)))
        } catch {
            response = Response(
                APIResponse(Problem(error, id: context.requestID.description, logger: context.logger)))
        }
        response.headers[.requestID] = context.requestID.description
        // The router omits the body for HEAD only if the route exists.
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// 405 if the path exists with other methods, 404 otherwise.
    private func noRoute(_ request: Request) -> Problem {
        let methods = routes.methods(of: request.uri.path)
        guard !methods.isEmpty else { return .routeNotFound }
        let allowed = methods.joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "This path accepts \(allowed).")
        problem.headers[.allow] = allowed
        return problem
    }
}

extension HTTPField.Name {
    // A constant; it is a valid token (RFC 9110).
    static let requestID = Self("X-Request-Id").unsafelyUnwrapped
}
