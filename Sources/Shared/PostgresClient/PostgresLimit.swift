import Timing

/// A limit that the server applies to each statement.
package enum PostgresLimit: String, Sendable, PostgresTextEncodable {
    /// How long a statement waits for a lock.
    case lock = "lock_timeout"
    /// How long a statement runs.
    case statement = "statement_timeout"

    /// For a session.
    static let setForSession = PostgresStatement<(lock: Int, statement: Int), String>(
        "session_limits",
        sql: """
            SELECT set_config('lock_timeout', :lock, false) AS lock_limit,
                set_config('statement_timeout', :statement, false) AS statement_limit
            """,
        isPrepared: false, parameters: ["lock": { $0.lock }, "statement": { $0.statement }]
    ) { columns in
        let limit = try columns["statement_limit", as: String.self]
        return { row in try row[limit] }
    }

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
