import HTTPTypes
import Hummingbird
import Logging
import PostgresClient
import RedisClient
import Runtime

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
        } catch let problem as Problem {
            response = problem.response
        } catch let error as HTTPError where error.status == .notFound {
            response = noRoute(request).response
        } catch {
            response = failure(error, context: context).response
        }
        response.headers[.requestID] = context.requestID
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

    private func failure(_ error: any Error, context: APIRequestContext) -> Problem {
        switch StoreFailure(error) {
        case .recovering:
            return .redisIsRecovering
        case .nothingChanged:
            context.logger.debug("a store does not respond", metadata: ["reason": "\(error)"])
            return .storeUnavailable
        case .unknownOutcome:
            context.logger.warning("a store did not respond in time", metadata: ["reason": "\(error)"])
            return .outcomeUnknown
        case nil:
            context.logger.error("a request failed", metadata: ["reason": "\(error)"])
            return Problem(.internalError, "Include the request id if you report this error.")
                .with("request_id", .string(context.requestID))
        }
    }
}

/// What a store's error means for the request; nil for an error that is a defect of this program.
private enum StoreFailure {
    case nothingChanged, unknownOutcome, recovering

    init?(_ error: any Error) {
        switch error {
        case let error as RedisError where error.code == .preconditionFailed:
            self = .recovering
        case let error as RedisError where error.code != .protocolViolation:
            self = error.mayHaveRun ? .unknownOutcome : .nothingChanged
        case let error as PostgresError where error.code == .server:
            // Insufficient resources, lock not available, operator intervention, transaction rolled back.
            guard ["53", "55", "57", "40"].contains(error.sqlStateClass) else { return nil }
            self = .nothingChanged
        case let error as PostgresError where error.code != .unexpectedResult && error.code != .invalidStatement:
            self = error.mayHaveRun ? .unknownOutcome : .nothingChanged
        default:
            return nil
        }
    }
}

extension HTTPField.Name {
    // A constant; it is a valid token (RFC 9110).
    static let requestID = Self("X-Request-Id").unsafelyUnwrapped
}
