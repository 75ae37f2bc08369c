import HTTPTypes
import NIOHTTP1

extension RouteTable {
    /// Why a request is refused whatever its body contains; nil if its body decides.
    func preflight(_ head: HTTPRequestHead) -> Problem? {
        // The router reads the other forms of a target (RFC 9112, section 3.2).
        guard head.uri.utf8.first == UInt8(ascii: "/") else { return nil }
        let path = String(head.uri.prefix { $0 != "?" })
        if let problem = noRoute(path, head.method.rawValue) { return problem }
        let limit = bodyLimit(path, head.method.rawValue)
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > limit {
            return .bodyTooLarge(limit)
        }
        return JSONBody.problem(head.headers.first(name: "content-type"))
    }

    /// 405 if the path exists with other methods, 404 if it does not exist; nil if a route has both.
    func noRoute(_ path: String, _ method: String) -> Problem? {
        let methods = methods(of: path)
        guard !methods.contains(method) else { return nil }
        guard !methods.isEmpty else { return .routeNotFound }
        let allowed = methods.joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "This path accepts \(allowed).")
        problem.headers[.allow] = allowed
        return problem
    }

    private func bodyLimit(_ path: String, _ method: String) -> Int {
        let segments = path.split(separator: "/")
        let route = routes.first { $0.matches(segments) && $0.method.rawValue == method }
        return route?.bodyLimit ?? BodyLimit.standard
    }
}
