import Runtime

/// The peers whose header `X-Forwarded-For` is trusted. Any other peer can send any value.
struct TrustedProxies: Hashable, Sendable {
    private let ranges: [AddressRange]

    static let none = TrustedProxies(ranges: [])

    private init(ranges: [AddressRange]) {
        self.ranges = ranges
    }

    /// Nil if an item of the list is invalid.
    ///
    /// - Parameter list: addresses and ranges, separated by commas.
    init?(_ list: String) {
        var ranges: [AddressRange] = []
        for item in list.split(separator: ",") {
            guard let range = AddressRange(item.trimmed) else { return nil }
            ranges.append(range)
        }
        self.init(ranges: ranges)
    }

    var isEmpty: Bool { ranges.isEmpty }

    func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// The address of the client: the peer's, or the one in `X-Forwarded-For` if the peer is a trusted proxy.
    ///
    /// Each proxy appends the address of its own peer. The header is read from its end; the first address that is not a
    /// trusted proxy's is the client's. The client itself can have sent everything before it.
    func client(of peer: IPAddress, forwardedFor: String?) -> IPAddress {
        guard contains(peer), let forwardedFor else { return peer }
        var client = peer
        for item in forwardedFor.split(separator: ",").reversed() {
            guard let address = Self.address(item.trimmed) else { return client }
            client = address
            if !contains(address) { return client }
        }
        return client
    }

    /// Some proxies append the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func address(_ text: Substring) -> IPAddress? {
        if let address = IPAddress(text) { return address }
        if text.first == "[" { return IPAddress(text.dropFirst().prefix { $0 != "]" }) }
        let parts = text.split(separator: ":")
        return parts.count == 2 ? IPAddress(parts[0]) : nil
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
