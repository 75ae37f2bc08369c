import HTTPTypes
import Hummingbird

/// One route: its method, its path, and the controller that responds.
struct Route: Sendable {
    typealias Handler = @Sendable (Controllers, Request, APIRequestContext) async throws -> Response

    let method: HTTPRequest.Method
    /// The router's pattern: `:name` matches one segment.
    let path: String
    /// Whether the route exists only with `DEMO=true`.
    let isLab: Bool
    let handler: Handler

    /// The path in segments, for matching.
    let segments: [Substring]

    private init(_ method: HTTPRequest.Method, _ path: String, isLab: Bool, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.isLab = isLab
        self.handler = handler
        segments = path.split(separator: "/")
    }

    /// A route whose handler needs the request and its context.
    static func route(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) -> Route {
        Route(method, path, isLab: false, handler)
    }

    /// A route of the lab. Without `DEMO=true` it responds 404 `route-not-found`.
    static func lab(
        _ method: HTTPRequest.Method, _ path: String,
        _ handler: @escaping @Sendable (LabController, Request, APIRequestContext) async throws -> Response
    ) -> Route {
        Route(method, path, isLab: true) { controllers, request, context in
            guard let lab = controllers.lab else { throw Problem.routeNotFound }
            return try await handler(lab, request, context)
        }
    }

    /// The methods that the route accepts: HEAD is accepted if GET is.
    var methods: [HTTPRequest.Method] { method == .get ? [.get, .head] : [method] }

    /// The maximum length of a request's body, in bytes.
    var bodyLimit: Int { method == .put ? BodyLimit.administration : BodyLimit.standard }

    /// Whether a path, split at its slashes, matches the pattern.
    func matches(_ path: [Substring]) -> Bool {
        segments.count == path.count && zip(segments, path).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
    }
}
