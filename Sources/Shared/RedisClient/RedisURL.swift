import Foundation

/// The address and the credentials of a Redis server: `redis://[user][:password]@host[:port][/database]` or
/// `unix://[user][:password]@/path/to/socket[?db=database]`. User, password and path may be percent-encoded.
///
/// Several hosts, separated by commas, are nodes of one cluster: `redis://a:7000,b:7001`. All have the same credentials.
package struct RedisURL: Hashable, Sendable {
    package enum Address: Hashable, Sendable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)

        package var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unixSocket(let path): path
            }
        }
    }

    /// The server; for a cluster the first node.
    package var address: Address
    /// The nodes of a cluster that the URL names; empty for a single server.
    package var clusterNodes: [Address] = []
    package var user: String?
    package var password: String?
    package var database: Int

    package init(address: Address, user: String? = nil, password: String? = nil, database: Int = 0) {
        self.address = address
        self.user = user
        self.password = password
        self.database = database
    }

    /// Why a text is not a Redis URL. The description does not contain the text, because it may have a password.
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        package var description: String
    }

    package init(_ text: String) throws(Malformed) {
        guard let separator = text.firstRange(of: "://") else {
            throw Malformed(description: "it has no scheme; write redis://host:port or unix:///path")
        }
        let scheme = text[..<separator.lowerBound].lowercased()
        var rest = text[separator.upperBound...]
        (user, password) = try Self.takeCredentials(&rest)
        let query = Self.takeQuery(&rest)
        switch scheme {
        case "redis":
            guard query == nil else { throw Malformed(description: "redis:// accepts no query") }
            let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            var hosts: [Address] = []
            for host in parts[0].split(separator: ",", omittingEmptySubsequences: false) {
                hosts.append(try Self.tcp(host))
            }
            address = hosts[0]
            database = try Self.database(parts.count == 2 ? parts[1] : "")
            if hosts.count > 1 {
                guard database == 0 else { throw Malformed(description: "a Redis Cluster has only the database 0") }
                clusterNodes = hosts
            }
        case "unix":
            (address, database) = try Self.socket(rest, query: query)
        default:
            throw Malformed(description: "its scheme is neither redis nor unix (TLS is not supported)")
        }
    }

    private static func takeCredentials(_ rest: inout Substring) throws(Malformed) -> (String?, String?) {
        let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let at = rest[..<authorityEnd].lastIndex(of: "@") else { return (nil, nil) }
        let credentials = rest[..<at]
        rest = rest[rest.index(after: at)...]
        let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = try decode(parts[0])
        guard parts.count == 2 else { return (nil, user.isEmpty ? nil : user) }
        let password = try decode(parts[1])
        return (user.isEmpty ? nil : user, password.isEmpty ? nil : password)
    }

    private static func takeQuery(_ rest: inout Substring) -> Substring? {
        guard let mark = rest.firstIndex(of: "?") else { return nil }
        defer { rest = rest[..<mark] }
        return rest[rest.index(after: mark)...]
    }

    /// The same credentials at another address.
    package func at(_ address: Address) -> RedisURL {
        RedisURL(address: address, user: user, password: password, database: database)
    }

    private static func tcp(_ text: Substring) throws(Malformed) -> Address {
        var host = text
        var port = 6379
        if host.hasPrefix("["), let close = host.firstIndex(of: "]") {
            let after = host[host.index(after: close)...]
            port = try self.port(after)
            host = host[host.index(after: host.startIndex)..<close]
        } else if let colon = host.firstIndex(of: ":") {
            port = try self.port(host[colon...])
            host = host[..<colon]
        }
        guard !host.isEmpty else { throw Malformed(description: "it has no host") }
        return .tcp(host: String(host), port: port)
    }

    private static func socket(_ rest: Substring, query: Substring?) throws(Malformed) -> (Address, Int) {
        let path = try decode(rest)
        guard path.hasPrefix("/"), path.utf8.count > 1 else {
            throw Malformed(description: "unix:// requires the absolute path of a socket")
        }
        guard path.utf8.count <= 107 else {
            throw Malformed(description: "the path of the socket is longer than 107 bytes")
        }
        guard let query else { return (.unixSocket(path: path), 0) }
        guard query.hasPrefix("db=") else { throw Malformed(description: "unix:// accepts no query except ?db=N") }
        return (.unixSocket(path: path), try database(query.dropFirst(3)))
    }

    private static func port(_ text: Substring) throws(Malformed) -> Int {
        if text.isEmpty { return 6379 }
        guard text.hasPrefix(":"), let port = Int(text.dropFirst()), (1...65535).contains(port) else {
            throw Malformed(description: "its port is not a number from 1 to 65535")
        }
        return port
    }

    private static func database(_ text: Substring) throws(Malformed) -> Int {
        if text.isEmpty { return 0 }
        guard let number = Int(text), number >= 0 else {
            throw Malformed(description: "its database is not a number")
        }
        return number
    }

    private static func decode(_ text: Substring) throws(Malformed) -> String {
        guard let decoded = String(text).removingPercentEncoding else {
            throw Malformed(description: "its percent-encoding is invalid")
        }
        return decoded
    }
}
