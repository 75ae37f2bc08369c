/// Which peers are proxies whose word on their clients' addresses is taken; everybody else can write what they like into
/// `X-Forwarded-For`.
struct TrustedProxies: Hashable, Sendable {
    private let ranges: [AddressRange]

    static let none = TrustedProxies(ranges: [])

    private init(ranges: [AddressRange]) {
        self.ranges = ranges
    }

    /// - Parameter list: addresses and ranges with commas between them; nil where one cannot be read.
    init?(_ list: String) {
        var ranges: [AddressRange] = []
        for item in list.split(separator: ",") {
            guard let range = AddressRange(item.trimmed) else { return nil }
            ranges.append(range)
        }
        self.init(ranges: ranges)
    }

    func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }

    /// Whose request it is: the peer's; of a trusted proxy, that of the client which the proxy names.
    ///
    /// Each proxy adds the address that it saw at the end of the header. So it is read from its end, for as long as what it
    /// names is a proxy of ours: the first that is not is the client, and whatever stands before it was the client's to write.
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

    /// Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
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
