/// The answer of a node that does not have the slot of a command: the command did not run. No I/O.
package struct Redirection: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The slot is assigned to another node.
        case moved
        /// The slot is being moved to another node, and the key is not on this one. Only the next command goes there.
        case ask
    }

    package var kind: Kind
    package var slot: HashSlot
    package var address: RedisURL.Address

    /// Nil if the error is not a redirection.
    ///
    /// - Parameters:
    ///   - error: an error reply, for example `MOVED 3999 127.0.0.1:6381`.
    ///   - source: the address of the node that replied.
    package init?(_ error: RedisError, from source: RedisURL.Address) {
        switch error.serverCode {
        case "MOVED": kind = .moved
        case "ASK": kind = .ask
        default: return nil
        }
        let words = error.message.split(separator: " ")
        guard words.count >= 3, let slot = Int(words[1]).flatMap({ HashSlot($0) }),
            let colon = words[2].lastIndex(of: ":"), let port = Int(words[2][words[2].index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        self.slot = slot
        address = Self.address(host: String(words[2][..<colon]), port: port, from: source)
    }

    /// The address of a node. The host is that of the source if the source does not know it.
    static func address(host: String, port: Int, from source: RedisURL.Address) -> RedisURL.Address {
        guard host.isEmpty || host == "?" else { return .tcp(host: host, port: port) }
        return switch source {
        case .tcp(let host, _): .tcp(host: host, port: port)
        case .unixSocket: .tcp(host: "127.0.0.1", port: port)
        }
    }
}
