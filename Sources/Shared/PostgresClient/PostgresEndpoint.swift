import Glibc

/// A server of a connection string: one of its hosts, or one address of that host.
struct PostgresEndpoint: Hashable {
    /// Nil: libpq's default.
    var host: String?
    var address: String?
    var port: String?

    /// The servers in the order in which they are to be tried. libpq pairs the lists of hosts, addresses and ports; if
    /// they do not fit each other, they are left to libpq, which reports that.
    static func list(_ keywords: PostgresKeywords) -> [PostgresEndpoint] {
        let hosts = split(keywords["host"])
        let addresses = split(keywords["hostaddr"])
        let ports = split(keywords["port"])
        let count = max(hosts.count, addresses.count, 1)
        let fit =
            (hosts.isEmpty || hosts.count == count) && (addresses.isEmpty || addresses.count == count)
            && (ports.count <= 1 || ports.count == count)
        guard fit else {
            return [
                PostgresEndpoint(host: keywords["host"], address: keywords["hostaddr"], port: keywords["port"])
            ]
        }
        return (0..<count).map { index in
            PostgresEndpoint(
                host: hosts.isEmpty ? nil : hosts[index], address: addresses.isEmpty ? nil : addresses[index],
                port: ports.count == 1 ? ports[0] : ports.isEmpty ? nil : ports[index])
        }
    }

    private static func split(_ list: String?) -> [String?] {
        guard let list else { return [] }
        return list.split(separator: ",", omittingEmptySubsequences: false).map { item in
            let item = item.drop { $0 == " " }
            return item.isEmpty ? nil : String(item)
        }
    }

    /// The same server, once for each address that its name has. Blocks the thread while the name is resolved. A name
    /// that cannot be resolved is left to libpq, which reports that.
    var resolved: [PostgresEndpoint] {
        guard address == nil, let host, let first = host.first, first != "/", first != "@" else { return [self] }
        let found = Self.addresses(of: host).map { PostgresEndpoint(host: host, address: $0, port: port) }
        return found.isEmpty ? [self] : found
    }

    private static func addresses(of host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var entry = list
        while let info = entry?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let flags = NI_NUMERICHOST
            if getnameinfo(info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, flags) == 0 {
                let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if !addresses.contains(address) { addresses.append(address) }
            }
            entry = info.ai_next
        }
        return addresses
    }
}
