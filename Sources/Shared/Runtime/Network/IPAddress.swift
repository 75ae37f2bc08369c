import Foundation
package import NIOCore

/// An IP address. An IPv4 address is stored as an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2), so that a client has
/// one address whichever form a socket reports.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    package let bits: UInt128

    private static let mappedPrefix: UInt128 = 0xffff << 32

    package init(version4 bits: UInt32) {
        self.bits = Self.mappedPrefix | UInt128(bits)
    }

    private init(version6 address: in6_addr) {
        bits = withUnsafeBytes(of: address) { $0.reduce(0) { $0 << 8 | UInt128($1) } }
    }

    private init(bits: UInt128) {
        self.bits = bits
    }

    /// Nil unless the whole text is an address.
    package init?(_ text: some StringProtocol) {
        var version4 = in_addr()
        var version6 = in6_addr()
        let text = String(text)
        // The C functions would read up to a NUL only.
        guard !text.utf8.contains(0) else { return nil }
        if inet_pton(AF_INET, text, &version4) == 1 {
            self.init(version4: UInt32(bigEndian: version4.s_addr))
        } else if inet_pton(AF_INET6, text, &version6) == 1 {
            self.init(version6: version6)
        } else {
            return nil
        }
    }

    /// Nil for a Unix domain socket.
    package init?(_ address: SocketAddress) {
        switch address {
        case .v4(let address): self.init(version4: UInt32(bigEndian: address.address.sin_addr.s_addr))
        case .v6(let address): self.init(version6: address.address.sin6_addr)
        case .unixDomainSocket: return nil
        }
    }

    /// The usual text of the address: `192.0.2.1`, `2001:db8::1`.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isVersion4 {
            var address = in_addr(s_addr: UInt32(truncatingIfNeeded: bits).bigEndian)
            inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        } else {
            withUnsafeBytes(of: bits.bigEndian) { bytes in
                _ = inet_ntop(AF_INET6, bytes.baseAddress, &text, socklen_t(text.count))
            }
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package var isVersion4: Bool { bits >> 32 == 0xffff }

    /// The address that rate limits count: an IPv4 address, or the /64 prefix of an IPv6 address. A network has at least a /64
    /// (RFC 6177), so a client can use a new address of it for every request.
    package var client: IPAddress { isVersion4 ? self : IPAddress(bits: bits & ~UInt128(UInt64.max)) }

    /// ``client`` as a text of hexadecimal digits: 8 for an IPv4 address, 16 for a /64 prefix.
    package var clientText: String {
        let text = String(isVersion4 ? UInt64(UInt32(truncatingIfNeeded: bits)) : UInt64(bits >> 64), radix: 16)
        return String(repeating: "0", count: (isVersion4 ? 8 : 16) - text.count) + text
    }
}

/// A range of addresses in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`, or a single address.
package struct AddressRange: Hashable, Sendable {
    private let first: UInt128
    private let mask: UInt128

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parts[0]) else { return nil }
        let own = address.isVersion4 ? 32 : 128
        guard let length = parts.count == 1 ? own : Int(parts[1]), (0...own).contains(length) else { return nil }
        mask = ~UInt128(0) << UInt128(own - length)
        first = address.bits & mask
    }

    package func contains(_ address: IPAddress) -> Bool { address.bits & mask == first }
}
