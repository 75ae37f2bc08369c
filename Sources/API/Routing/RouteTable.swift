import HTTPTypes
import Hummingbird

/// The routes that one API process serves.
struct RouteTable: Sendable {
    let routes: [Route]

    /// - Parameter includesLab: whether the lab's routes are served.
    init(includesLab: Bool) {
        routes = Route.all.filter { includesLab || !$0.isLab }
    }

    /// The methods that a path accepts, in the order of the routes; empty if no route has the path.
    func methods(of path: String) -> [String] {
        let segments = path.split(separator: "/")
        return routes.filter { $0.matches(segments) }.flatMap { $0.methods.map(\.rawValue) }
    }

    /// A router that dispatches every request to its controller. Errors become problem documents.
    func router(to controllers: Controllers) -> Router<APIRequestContext> {
        let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ProblemMiddleware(routes: self))
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.handler(controllers, request, context)
            }
        }
        return router
    }
}
