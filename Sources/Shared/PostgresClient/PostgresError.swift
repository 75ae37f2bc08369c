/// Why a statement failed, and whether it can have taken effect nevertheless.
package struct PostgresError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// No connection could be opened; nothing was sent.
        case notConnected
        /// Every connection is in use, and either the wait for one exceeded its limit or too many callers wait; nothing
        /// was sent.
        case poolExhausted
        /// The pool is closed.
        case closed
        /// The deadline passed before the answer arrived; the connection is closed.
        case timeout
        /// The connection ended before the answer arrived.
        case connectionLost
        /// Postgres refused the statement for the reason in `sqlState`; the statement changed nothing.
        case server
        /// The answer has not the form that the caller relies on.
        case unexpectedResult
        /// The statement does not fit its parameters or columns: a mistake in this program. The statement did not run.
        case invalidStatement

        /// Whether the connection cannot be used after this error.
        var breaksConnection: Bool {
            switch self {
            case .server, .unexpectedResult, .invalidStatement: false
            case .notConnected, .poolExhausted, .closed, .timeout, .connectionLost: true
            }
        }
    }

    package var code: Code
    package var message: String
    /// The error code of PostgreSQL's appendix A (five characters), if the server sent one.
    package var sqlState: String?

    package init(_ code: Code, _ message: String, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
    }

    /// Whether the statement can have taken effect.
    package var mayHaveRun: Bool {
        switch code {
        case .timeout, .connectionLost, .unexpectedResult: true
        case .notConnected, .poolExhausted, .closed, .server, .invalidStatement: false
        }
    }

    /// The SQLSTATE's class: its first two characters.
    package var sqlStateClass: Substring? { sqlState?.prefix(2) }

    /// Whether the statement's data caused the error, so that a retry cannot succeed: class 22 (data exception) or 23
    /// (integrity constraint violation).
    package var isAboutContent: Bool { sqlStateClass == "22" || sqlStateClass == "23" }

    package var isCheckViolation: Bool { sqlState == "23514" }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        let first = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown failure"
        return "Postgres: \(first)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "") + (advice.map { "; \($0)" } ?? "")
    }

    /// What an operator can do if a connection is refused for a reason that a retry does not remove.
    private var advice: String? {
        guard code == .notConnected else { return nil }
        return switch sqlState {
        case "28P01":
            """
            a server keeps the password that its data folder or volume was created with: configure that password, or set \
            the new one in the server with ALTER ROLE … PASSWORD
            """
        case "28000": "check the configured user and the server's pg_hba.conf"
        case "3D000": "check the configured database, or create it with CREATE DATABASE"
        case "53300": "the server has no free connection: configure smaller pools, or raise its max_connections"
        default: nil
        }
    }
}
