import Glibc
import NIOCore
import NIOPosix
import Runtime
import Webhooks

/// Why no message is sent to a host.
struct UnreachableHost: Error, Hashable, CustomStringConvertible {
    let description: String
}

/// Finds the addresses of a host. The system's resolver blocks its thread, so it runs on threads of its own; a name that is not
/// answered occupies one of them, and the others serve the other endpoints.
struct AddressResolver: Sendable {
    /// Names that can be resolved at the same time.
    static let threadCount = 8

    private let threads: NIOThreadPool
    let allowsPrivate: Bool

    init(threads: NIOThreadPool, allowsPrivate: Bool) {
        self.threads = threads
        self.allowsPrivate = allowsPrivate
    }

    /// The addresses of a name or the address that a text is. Throws an ``UnreachableHost`` if there is none, or if one of
    /// them is not public: a name whose addresses are of both kinds is made to deceive.
    func addresses(of host: String) async throws -> [IPAddress] {
        let found = try await threads.runIfActive { Self.lookUp(host) }
        guard !found.isEmpty else { throw UnreachableHost(description: "the host name has no address") }
        if !allowsPrivate, let address = found.first(where: { !$0.isPublic }) {
            throw UnreachableHost(description: "the host has the address \(address) of a private network")
        }
        return found
    }

    private static func lookUp(_ host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var entry = list
        while let info = entry?.pointee {
            if let address = address(info), !addresses.contains(address) { addresses.append(address) }
            entry = info.ai_next
        }
        return addresses
    }

    private static func address(_ info: addrinfo) -> IPAddress? {
        guard let pointer = info.ai_addr else { return nil }
        switch info.ai_family {
        case AF_INET:
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                IPAddress(version4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                IPAddress(SocketAddress($0.pointee))
            }
        default: return nil
        }
    }
}
