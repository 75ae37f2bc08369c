/// Whether there is a connection pooler between this program and the server, such as PgBouncer.
package enum PostgresPooler: String, Hashable, Sendable, CaseIterable {
    /// Each connection finds out: it treats a pooler like one in transaction mode.
    case auto
    /// There is none.
    case none
    /// A client keeps its server connection until it disconnects, as without a pooler.
    case session
    /// A client has a server connection for the duration of a transaction. Nothing outlives a transaction: no prepared
    /// statement and no setting of the session.
    case transaction
}

/// The server of a pool, and the pool's limits.
package struct PostgresConfiguration: Sendable {
    /// A URI or keywords, whatever libpq takes.
    package var conninfo: String
    package var pooler = PostgresPooler.auto
    /// Maximum number of connections.
    package var poolSize = 25
    /// Maximum number of callers that wait for a connection; further callers are refused at once.
    package var waitingLimit = 1000
    /// Maximum time that a caller waits for a connection, also for one that is being opened.
    package var leaseTimeout: Duration = .seconds(2)
    /// Maximum time that one address of one host may take to accept a connection, unless `conninfo` has a
    /// `connect_timeout`.
    package var connectTimeout: Duration = .seconds(3)
    package var statementTimeout: Duration = .seconds(5)

    package init(conninfo: String) {
        self.conninfo = conninfo
    }
}
