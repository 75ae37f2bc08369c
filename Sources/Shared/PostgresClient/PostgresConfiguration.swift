/// The server of a pool, and the pool's limits.
package struct PostgresConfiguration: Sendable {
    /// A URI or keywords, whatever libpq takes.
    package var conninfo: String
    /// Maximum number of connections.
    package var poolSize = 25
    /// Maximum number of callers that wait for a connection; further callers are refused at once.
    package var waitingLimit = 1000
    /// Maximum time that a caller waits for a connection.
    package var leaseTimeout: Duration = .seconds(2)
    package var connectTimeout: Duration = .seconds(3)
    package var statementTimeout: Duration = .seconds(5)

    package init(conninfo: String) {
        self.conninfo = conninfo
    }
}
