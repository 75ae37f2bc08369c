package import Runtime

/// Whether an address is one of the internet: a message to any other could reach what only this network can.
extension IPAddress {
    /// False for addresses that are private, of this host, of the link, shared, reserved or of groups (RFC 6890 and IANA's
    /// registries), and for IPv6 addresses that stand for such an IPv4 address: mapped, translated (NAT64) or tunnelled (6to4).
    package var isPublic: Bool {
        if isVersion4 { return !Self.reserved4.contains { $0.contains(self) } }
        if let inner = translated ?? tunnelled { return inner.isPublic }
        return Self.global.contains { $0.contains(self) } && !Self.reserved6.contains { $0.contains(self) }
    }

    /// The IPv4 address in one of the prefix 64:ff9b::/96 (RFC 6052).
    private var translated: IPAddress? {
        Self.nat64.contains { $0.contains(self) } ? IPAddress(version4: UInt32(truncatingIfNeeded: bits)) : nil
    }

    /// The IPv4 address in one of the prefix 2002::/16 (RFC 3056).
    private var tunnelled: IPAddress? {
        Self.sixToFour.contains { $0.contains(self) }
            ? IPAddress(version4: UInt32(truncatingIfNeeded: bits >> 80)) : nil
    }

    private static func ranges(_ texts: String...) -> [AddressRange] { texts.compactMap { AddressRange($0) } }

    private static let reserved4 = ranges(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4")
    private static let nat64 = ranges("64:ff9b::/96")
    private static let sixToFour = ranges("2002::/16")
    private static let global = ranges("2000::/3")
    /// Within the global ones: protocols (among them Teredo), documentation.
    private static let reserved6 = ranges("2001::/23", "2001:db8::/32", "3fff::/20")
}
