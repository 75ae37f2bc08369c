/// What an error code of PostgreSQL means: for the statement that failed with it, and for the connection.
///
/// This is the only place that knows error codes (appendix A of PostgreSQL's manual). A code that is not listed has the
/// meaning of its class, its first two characters; a class that is not listed is a ``Cause/defect``.
package struct SQLState: Hashable, Sendable {
    package enum Cause: Hashable, Sendable, CaseIterable {
        /// The data of the statement. A retry fails too.
        case data
        /// Other transactions at the same time. The transaction was rolled back, and a retry can succeed.
        case conflict
        /// The server cannot run the statement at present: it lacks a resource, waits for a lock or was told to stop.
        case unavailable
        /// The state of the session: this connection lives, but it cannot serve. Another one can.
        case session
        /// The session has ended, or the pooler that holds it has lost the server.
        case connection
        /// The rights, or the objects of the database: an operator has to act.
        case setup
        /// A mistake in this program.
        case defect
    }

    /// Five characters.
    package let code: String

    package init(_ code: String) {
        self.code = code
    }

    package var cause: Cause { Self.codes[code] ?? Self.classes[String(code.prefix(2))] ?? .defect }

    private static let classes: [String: Cause] = [
        "08": .connection,  // connection exception; PgBouncer's own errors have 08P01
        "0P": .setup,  // invalid role specification
        "22": .data,  // data exception
        "23": .data,  // integrity constraint violation
        "25": .session,  // invalid transaction state: read-only (25006), a failed transaction left over (25P02)
        "26": .session,  // invalid SQL statement name: a prepared statement that the session does not have
        "28": .setup,  // invalid authorization specification
        "3D": .setup,  // invalid catalog name: the database does not exist
        "3F": .setup,  // invalid schema name
        "40": .conflict,  // transaction rollback: serialization failure, deadlock
        "44": .data,  // WITH CHECK OPTION violation
        "53": .unavailable,  // insufficient resources: disk full, out of memory, too many connections
        "55": .unavailable,  // object not in prerequisite state: lock not available
        "57": .unavailable,  // operator intervention: a statement that was cancelled
        "58": .unavailable,  // system error: input or output
        "72": .conflict,  // snapshot too old
        "F0": .unavailable,  // configuration file error
        "XX": .unavailable,  // internal error of the server, corrupted data
    ]

    /// Codes that differ from their class.
    private static let codes: [String: Cause] = [
        "0A000": .session,  // "cached plan must not change result type"
        "25P03": .connection,  // idle in transaction session timeout
        "25P04": .connection,  // transaction timeout
        "40002": .data,  // transaction integrity constraint violation
        "40003": .connection,  // statement completion unknown
        "42501": .setup,  // insufficient privilege
        "42703": .setup,  // undefined column: another schema, or a restore in progress
        "42P01": .setup,  // undefined table
        "42P05": .session,  // duplicate prepared statement
        "57P01": .connection,  // admin shutdown
        "57P02": .connection,  // crash shutdown
        "57P03": .connection,  // cannot connect now: starting, stopping or in recovery
        "57P04": .connection,  // database dropped
        "57P05": .connection,  // idle session timeout
    ]
}
