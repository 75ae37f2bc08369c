/// Why a Redis command did not answer, and whether it can have run all the same.
package struct RedisError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// There is no connection at the moment; the command was not sent.
        case notConnected
        /// Too many commands are under way on this connection; the command was not sent.
        case overloaded
        /// The deadline passed before the answer came.
        case timeout
        /// The connection ended before the answer came.
        case connectionLost
        /// The server is not the one that the command requires, or another condition of the caller does not hold. Nothing
        /// was changed.
        case preconditionFailed
        /// Redis answered with an error; `message` begins with its code word.
        case server
        /// What came from the other side is not RESP2, or not the kind of answer this command has.
        case protocolViolation
        /// The client was shut down.
        case closed
    }

    package var code: Code
    package var message: String
    /// Whether the command can have changed something: then it is not to be sent again blindly.
    package var mayHaveRun: Bool

    package init(_ code: Code, _ message: String, mayHaveRun: Bool) {
        self.code = code
        self.message = message
        self.mayHaveRun = mayHaveRun
    }

    /// The code word of a server's error: `NOSCRIPT`, `OOM`, `WRONGTYPE`, …
    package var serverCode: Substring? {
        code == .server ? message.prefix { $0 != " " } : nil
    }

    /// An error that Redis answered. A script that failed half-way may have written, so only the errors that Redis
    /// gives before anything runs are known to have changed nothing.
    package static func server(_ message: String) -> RedisError {
        let word = message.prefix { $0 != " " }
        let refusedBeforeRunning: Set<Substring> = [
            "NOSCRIPT", "OOM", "MISCONF", "LOADING", "READONLY", "NOAUTH", "NOPERM", "WRONGPASS", "MASTERDOWN", "BUSY",
            "NOREPLICAS", "CLUSTERDOWN", "MOVED",
        ]
        return RedisError(.server, message, mayHaveRun: !refusedBeforeRunning.contains(word))
    }
}

extension RedisError: CustomStringConvertible {
    package var description: String { "Redis: \(message)" }
}
