import HTTPTypes
import Hummingbird
import PostgresClient
import RedisClient

/// Turns whatever a route throws into a problem, in one place, and names the request in every answer.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = SaleContext

    let routes: RouteTable

    func handle(
        _ request: Request, context: SaleContext, next: (Request, SaleContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let problem as Problem {
            response = problem.response
        } catch let error as HTTPError where error.status == .notFound {
            response = missing(request).response
        } catch {
            response = failure(error, context: context).response
        }
        response.headers[.requestID] = context.requestID
        // The router leaves the body out for HEAD only where there is a route.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func missing(_ request: Request) -> Problem {
        let methods = routes.methods(of: request.uri.path)
        guard !methods.isEmpty else { return Problem(.routeNotFound, "There is nothing at this path.") }
        let allowed = methods.joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "This path takes \(allowed).")
        problem.headers[.allow] = allowed
        return problem
    }

    private func failure(_ error: any Error, context: SaleContext) -> Problem {
        switch StoreFailure(error) {
        case .recovering:
            return .redisIsRecovered
        case .nothingChanged:
            context.logger.debug("a store does not answer", metadata: ["reason": "\(error)"])
            return .storeUnavailable
        case .unknownOutcome:
            context.logger.warning("a store did not answer in time", metadata: ["reason": "\(error)"])
            return .outcomeUnknown
        case nil:
            context.logger.error("a request failed", metadata: ["reason": "\(error)"])
            return Problem(.internalError, "Name the request id when you report this.")
                .with("request_id", .string(context.requestID))
        }
    }
}

/// What a store's error means for the request that met it; nil for errors that are a fault of this program.
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
    // A constant, valid by RFC 9110's rule for tokens.
    static let requestID = Self("X-Request-Id").unsafelyUnwrapped
}
