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
        /// The statement does not fit its parameters or columns: a mistake in this program. It changed nothing.
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

    /// An error that the server reported.
    init(_ message: String, sqlState: String) {
        let code: Code = SQLState(sqlState).cause == .connection ? .connectionLost : .server
        self.init(code, message, sqlState: sqlState)
    }

    /// What the server's error code means; nil without one.
    package var cause: SQLState.Cause? { sqlState.map { SQLState($0).cause } }

    /// Whether the statement can have taken effect.
    package var mayHaveRun: Bool {
        switch code {
        case .timeout, .connectionLost, .unexpectedResult: true
        case .notConnected, .poolExhausted, .closed, .server, .invalidStatement: false
        }
    }

    /// Whether the statement's data caused the error, so that a retry cannot succeed.
    package var isAboutContent: Bool { cause == .data }

    /// Whether the server cannot serve this session any more: the connection must be replaced, and those that were
    /// opened earlier are likely to be like it.
    var isAboutSession: Bool { cause == .session || cause == .connection }

    /// Whether nothing was changed and a repetition of the whole transaction, on another connection, can succeed.
    var isWorthRepeating: Bool { code == .server && (cause == .session || cause == .conflict) }

    package var isCheckViolation: Bool { sqlState == "23514" }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        let first = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown failure"
        return "Postgres: \(first)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "") + (advice.map { "; \($0)" } ?? "")
    }

    /// What an operator can do for a reason that a retry does not remove.
    private var advice: String? {
        switch (sqlState, code) {
        case ("28P01", .notConnected):
            """
            a server keeps the password that its data folder or volume was created with: configure that password, or set \
            the new one in the server with ALTER ROLE … PASSWORD
            """
        case ("28000", .notConnected): "check the configured user and the server's pg_hba.conf"
        case ("3D000", .notConnected): "check the configured database, or create it with CREATE DATABASE"
        case ("53300", .notConnected):
            "the server has no free connection: configure smaller pools, or raise its max_connections"
        case ("25006", _):
            """
            the server is a standby or was set to read-only: configure all servers and \
            target_session_attrs=read-write, so that the programs find the primary
            """
        case ("42501", _): "grant the role the rights on the tables, for example with API migrate --grant-to ROLE"
        default: nil
        }
    }
}
