/// Which channels are subscribed to on which server. No I/O.
struct SubscriptionPlan: Hashable {
    typealias Address = RedisURL.Address

    struct Change: Hashable {
        /// The servers whose connection ends.
        var closes: [Address] = []
        /// The servers to which a new connection is opened, with these channels.
        var opens: [Address: [String]] = [:]
    }

    private(set) var channels: [Address: [String]] = [:]

    /// Follows the servers of the channels, and returns what must change. A connection has the same channels until it ends.
    ///
    /// - Parameter server: the server of a channel; nil while it is unknown: then the channel is subscribed to nowhere.
    mutating func follow(_ all: [String], server: (String) -> Address?) -> Change {
        var wanted: [Address: [String]] = [:]
        for channel in all {
            if let address = server(channel) { wanted[address, default: []].append(channel) }
        }
        let change = Change(
            closes: channels.filter { $0.value != wanted[$0.key] }.map(\.key),
            opens: wanted.filter { $0.value != channels[$0.key] })
        channels = wanted
        return change
    }
}
