/// Why a statement did not answer, and whether it can have taken effect all the same.
public struct PostgresError: Error, Hashable, Sendable {
    public enum Code: Hashable, Sendable {
        /// No connection could be made; nothing was sent.
        case notConnected
        /// All connections are lent and the wait for one was too long, or too many wait already; nothing was sent.
        case poolExhausted
        /// The pool was shut down.
        case closed
        /// The deadline passed before the answer came; the connection is given up.
        case timeout
        /// The connection ended before the answer came.
        case connectionLost
        /// Postgres refused; `sqlState` says why, and the statement changed nothing.
        case server
        /// An answer had not the shape the caller relies on.
        case unexpectedResult
    }

    public var code: Code
    public var message: String
    /// The five characters of PostgreSQL's appendix A, where the server gave one.
    public var sqlState: String?

    public init(_ code: Code, _ message: String, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
    }

    /// Whether the statement can have been carried out.
    public var mayHaveRun: Bool {
        switch code {
        case .timeout, .connectionLost, .unexpectedResult: true
        case .notConnected, .poolExhausted, .closed, .server: false
        }
    }

    /// The SQLSTATE's class: its first two characters.
    public var sqlStateClass: Substring? { sqlState?.prefix(2) }

    /// Whether the data of the statement is at fault, so that sending it again cannot help: classes 22 (data exception)
    /// and 23 (integrity constraint violation).
    public var isAboutContent: Bool { sqlStateClass == "22" || sqlStateClass == "23" }

    public var isCheckViolation: Bool { sqlState == "23514" }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        let first = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown failure"
        return "Postgres: \(first)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "")
    }
}
