/// The failure of a Redis command, and whether the command may have run anyway.
package struct RedisError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// There is no connection; the command was not sent.
        case notConnected
        /// Too many commands are in flight on this connection; the command was not sent.
        case overloaded
        /// The deadline passed before the reply arrived.
        case timeout
        /// The connection was lost before the reply arrived.
        case connectionLost
        /// The server is not the one that the command requires, or another condition of the caller does not hold.
        /// Nothing was changed.
        case preconditionFailed
        /// Redis replied with an error; `message` begins with its code.
        case server
        /// The server ran the command, but too few replicas confirmed it in time.
        case notReplicated
        /// The reply is not valid RESP2, or not of the type that the command returns.
        case protocolViolation
        /// The client is closed.
        case closed
    }

    package var code: Code
    package var message: String
    /// Whether the command may have changed data. If so, it must not be repeated unless it is idempotent.
    package var mayHaveRun: Bool

    package init(_ code: Code, _ message: String, mayHaveRun: Bool) {
        self.code = code
        self.message = message
        self.mayHaveRun = mayHaveRun
    }

    /// Too few replicas have the writes of a call: if the primary is lost now, the writes may be.
    package static let notReplicated = RedisError(
        .notReplicated, "the replicas have not confirmed the write in time", mayHaveRun: true)

    /// The code of an error of the server: `NOSCRIPT`, `OOM`, `WRONGTYPE`, …
    package var serverCode: Substring? {
        code == .server ? message.prefix { $0 != " " } : nil
    }

    /// An error reply of Redis. A script that fails may have written before, so only errors that Redis returns before
    /// it runs a command have certainly changed nothing.
    package static func server(_ message: String) -> RedisError {
        let code = message.prefix { $0 != " " }
        let refusedBeforeRunning: Set<Substring> = [
            "NOSCRIPT", "OOM", "MISCONF", "LOADING", "READONLY", "NOAUTH", "NOPERM", "WRONGPASS", "MASTERDOWN", "BUSY",
            "NOREPLICAS", "CLUSTERDOWN", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT",
        ]
        return RedisError(.server, message, mayHaveRun: !refusedBeforeRunning.contains(code))
    }
}

extension RedisError: CustomStringConvertible {
    package var description: String { "Redis: \(message)" }
}
