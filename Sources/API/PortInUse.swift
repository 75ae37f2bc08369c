import Glibc

/// Another program already listens on the port, possibly with the other address family. Clients that resolve `localhost` to
/// both families would reach one of the two programs at random.
struct PortInUse: Error, Hashable, CustomStringConvertible {
    let description: String

    /// Checks the port with IPv4 and IPv6, on the addresses that clients of `host` use. Port 0 is always free.
    static func check(host: String, port: Int) throws(PortInUse) {
        guard port != 0 else { return }
        let isLoopback = ["127.0.0.1", "::1", "localhost"].contains(host)
        let isAny = ["0.0.0.0", "::"].contains(host)
        let candidates = isLoopback ? ["127.0.0.1", "::1"] : isAny ? ["0.0.0.0", "::"] : [host]
        for address in candidates where isTaken(address, port: port) {
            throw PortInUse(
                description: """
                    port \(port) is taken: another program listens on \(address). Stop it, or choose another port with \
                    PORT or --port
                    """)
        }
    }

    /// Binds and listens briefly. Failures other than "in use", such as a machine without IPv6, are ignored.
    private static func isTaken(_ address: String, port: Int) -> Bool {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, String(port), &hints, &found) == 0, let found else { return false }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, found.pointee.ai_socktype, 0)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        if found.pointee.ai_family == AF_INET6 {
            setsockopt(
                descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0, listen(descriptor, 1) == 0 else {
            return errno == EADDRINUSE
        }
        return false
    }
}
