/// Why a statement did not answer, and whether it can have taken effect all the same.
package struct PostgresError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
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

    package var code: Code
    package var message: String
    /// The five characters of PostgreSQL's appendix A, where the server gave one.
    package var sqlState: String?

    package init(_ code: Code, _ message: String, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
    }

    /// Whether the statement can have been carried out.
    package var mayHaveRun: Bool {
        switch code {
        case .timeout, .connectionLost, .unexpectedResult: true
        case .notConnected, .poolExhausted, .closed, .server: false
        }
    }

    /// The SQLSTATE's class: its first two characters.
    package var sqlStateClass: Substring? { sqlState?.prefix(2) }

    /// Whether the data of the statement is at fault, so that sending it again cannot help: classes 22 (data exception)
    /// and 23 (integrity constraint violation).
    package var isAboutContent: Bool { sqlStateClass == "22" || sqlStateClass == "23" }

    package var isCheckViolation: Bool { sqlState == "23514" }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        let first = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown failure"
        return "Postgres: \(first)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "") + (advice.map { "; \($0)" } ?? "")
    }

    /// What to do where a connection is refused for a reason that waiting does not mend.
    private var advice: String? {
        guard code == .notConnected else { return nil }
        return switch sqlState {
        case "28P01":
            """
            a server keeps the password that its data folder or volume was made with, whatever the environment says since: \
            put the old one into DATABASE_URL, or set the new one with ALTER ROLE … PASSWORD
            """
        case "28000": "check the user in DATABASE_URL, and the server's pg_hba.conf"
        case "3D000": "check the database in DATABASE_URL, or make it with CREATE DATABASE"
        case "53300": "the server has no connection left: lower DATABASE_POOL_SIZE, or raise its max_connections"
        default: nil
        }
    }
}
