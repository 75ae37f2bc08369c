/// Which methods each path takes, to tell a wrong method from a wrong path.
struct RouteTable: Sendable {
    /// Patterns as the router writes them, `:name` standing for one segment.
    private let patterns: [(segments: [Substring], methods: [String])]

    let all: [(path: String, methods: [String])]

    init(_ routes: [(path: String, methods: [String])]) {
        all = routes
        patterns = routes.map { ($0.path.split(separator: "/"), $0.methods) }
    }

    static func + (left: RouteTable, right: RouteTable) -> RouteTable { RouteTable(left.all + right.all) }

    /// The methods of the route that the path belongs to; empty where there is none.
    func methods(of path: String) -> [String] {
        let segments = path.split(separator: "/")
        let match = patterns.first { pattern in
            pattern.segments.count == segments.count
                && zip(pattern.segments, segments).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
        }
        return match?.methods ?? []
    }
}
