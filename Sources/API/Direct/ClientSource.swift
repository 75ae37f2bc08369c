import Runtime

/// Where the client of a purchase is: the peer of its connection, and what proxies say. The client's address is only determined
/// for events that count the orders or holds of addresses.
struct ClientSource: Sendable {
    /// Nil if the connection has no IP address.
    var peer: IPAddress?
    /// The values of `X-Forwarded-For`, which are trusted from a trusted proxy only.
    var forwardedFor: [String] = []

    /// The client's address as ``IPAddress/clientText``. All clients without an address are one.
    func text(trusting proxies: TrustedProxies) -> String {
        address(trusting: proxies)?.clientText ?? "-"
    }

    /// The client's address; nil if the connection has none.
    func address(trusting proxies: TrustedProxies) -> IPAddress? {
        guard let peer else { return nil }
        let forwarded = proxies.isEmpty || forwardedFor.isEmpty ? nil : forwardedFor.joined(separator: ",")
        return proxies.client(of: peer, forwardedFor: forwarded)
    }
}
