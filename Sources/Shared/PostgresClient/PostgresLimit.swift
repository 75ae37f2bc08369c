import Timing

/// A limit that the server applies to each statement.
package enum PostgresLimit: String, Sendable, PostgresTextEncodable {
    /// How long a statement waits for a lock.
    case lock = "lock_timeout"
    /// How long a statement runs.
    case statement = "statement_timeout"

    /// For a transaction.
    fileprivate static let setForTransaction = PostgresStatement<(limit: PostgresLimit, milliseconds: Int), String>(
        "transaction_limit", sql: "SELECT set_config(:name, :milliseconds, true) AS value",
        parameters: ["name": { $0.limit }, "milliseconds": { $0.milliseconds }]
    ) { columns in
        let value = try columns["value", as: String.self]
        return { row in try row[value] }
    }
}

extension PostgresConnection {
    /// Changes a limit until the end of the transaction.
    package func set(_ limit: PostgresLimit, to duration: Duration) throws(PostgresError) {
        _ = try query(PostgresLimit.setForTransaction, (limit: limit, milliseconds: Int(duration.milliseconds)))
    }
}

/// The settings on which the statements of this program rely, whatever the defaults of the server, the database and the
/// role are.
struct PostgresSessionSettings: Hashable {
    /// Milliseconds. A statement whose caller has given up must not keep its locks in the server.
    private let lockTimeout: Int
    /// Milliseconds. Longer than the deadline of the caller, which is the same as the limit of locks.
    private let statementTimeout: Int

    init(statementTimeout: Duration) {
        lockTimeout = Int(max(statementTimeout.milliseconds, 1))
        self.statementTimeout = lockTimeout + 1000
    }

    /// For a session. The isolation level applies to single statements; a transaction begins with its own.
    var forSession: String {
        """
        SET lock_timeout = \(lockTimeout); SET statement_timeout = \(statementTimeout); \
        SET default_transaction_isolation = 'read committed'
        """
    }

    /// Begins a transaction.
    ///
    /// The statements lock the rows whose values they rely on, so `READ COMMITTED` is enough. A stricter level would only
    /// add failures: `could not serialize access`.
    ///
    /// - Parameter sets: whether the transaction needs the settings of the session too, because it may not have them.
    func begin(settingLimits sets: Bool) -> String {
        "BEGIN ISOLATION LEVEL READ COMMITTED"
            + (sets
                ? "; SET LOCAL lock_timeout = \(lockTimeout); SET LOCAL statement_timeout = \(statementTimeout)" : "")
    }
}
