import Logging
import Metrics

/// How a pool behaves.
package struct PostgresConfiguration: Sendable {
    /// A URI or keywords, whatever libpq takes.
    package var conninfo: String
    /// Connections at most.
    package var poolSize = 25
    /// Callers that may wait for one at the same time; more are refused at once.
    package var waitingLimit = 1000
    /// How long a caller waits for one.
    package var leaseTimeout: Duration = .seconds(2)
    package var connectTimeout: Duration = .seconds(3)
    package var statementTimeout: Duration = .seconds(5)

    package init(conninfo: String) {
        self.conninfo = conninfo
    }
}

/// A bounded pool of connections, lent for the time of a closure.
///
/// Connections are opened when they are needed and kept. A connection that broke, or whose user left a transaction open,
/// never comes back into the pool.
package actor PostgresPool {
    private enum Turn {
        case use(PostgresConnection)
        case open
        case fail(PostgresError)
    }

    private let configuration: PostgresConfiguration
    private var state: PoolState<PostgresConnection, CheckedContinuation<Turn, Never>>
    private var nextKey = 0
    private let waits = Counter(label: "ticketblitz_postgres_pool_waits_total")
    private let waitTimes = Timer(label: "ticketblitz_postgres_pool_wait_seconds")
    private var isClosed = false

    package init(_ configuration: PostgresConfiguration) {
        self.configuration = configuration
        state = PoolState(limit: configuration.poolSize, waitingLimit: configuration.waitingLimit)
    }

    /// Lends a connection for the time of `body`.
    package nonisolated func withConnection<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await lease()
        do {
            let value = try await body(connection)
            await release(connection)
            return value
        } catch {
            await release(connection)
            throw error
        }
    }

    /// Runs `body` in a transaction: committed where it returns, rolled back where it throws.
    ///
    /// When COMMIT itself fails with an error that `mayHaveRun`, the outcome is unknown.
    package nonisolated func withTransaction<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await withConnection { connection in
            try await connection.execute(script: "BEGIN")
            do {
                let value = try await body(connection)
                try await connection.execute(script: "COMMIT")
                return value
            } catch {
                // Where this fails too, the connection is broken and the pool gives it up; the server rolls back then.
                _ = try? await connection.execute(script: "ROLLBACK")
                throw error
            }
        }
    }

    /// Runs one statement as a transaction of its own.
    package nonisolated func execute(
        _ statement: PostgresStatement, _ parameters: [String?] = []
    ) async throws -> PostgresResult {
        try await withConnection { try await $0.execute(statement, parameters) }
    }

    /// Closes idle connections and refuses new leases; lent connections are closed as they come back.
    package func close() async {
        isClosed = true
        let (idle, waiters) = state.drain()
        for waiter in waiters { waiter.resume(returning: .fail(PostgresError(.closed, "the pool is closed"))) }
        for connection in idle { await connection.disconnect() }
    }

    // MARK: Leasing

    private func lease() async throws(PostgresError) -> PostgresConnection {
        while true {
            guard !isClosed else { throw PostgresError(.closed, "the pool is closed") }
            switch await turn() {
            case .use(let connection):
                if await connection.isReusable() { return connection }
                await connection.disconnect()
                offerPlace()
            case .open:
                return try await open()
            case .fail(let error):
                throw error
            }
        }
    }

    private func turn() async -> Turn {
        switch state.lease() {
        case .lend(let connection): .use(connection)
        case .open: .open
        case .refuse:
            .fail(PostgresError(.poolExhausted, "\(state.waitingCount) callers wait for a connection already"))
        case .wait: await wait()
        }
    }

    private func wait() async -> Turn {
        nextKey += 1
        let key = nextKey
        let timeout = Task {
            try await Task.sleep(for: configuration.leaseTimeout)
            let error = PostgresError(.poolExhausted, "no connection came free within \(configuration.leaseTimeout)")
            state.abandon(key: key)?.resume(returning: .fail(error))
        }
        defer { timeout.cancel() }
        waits.increment()
        let begun = ContinuousClock.now
        let turn = await withCheckedContinuation { state.enqueue($0, key: key) }
        waitTimes.record(duration: ContinuousClock.now - begun)
        return turn
    }

    /// Connections that are open or being opened, those that nobody uses, and callers that wait for one.
    package var stats: (open: Int, idle: Int, waiting: Int) { (state.count, state.idleCount, state.waitingCount) }

    private func open() async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(statementTimeout: configuration.statementTimeout)
        do {
            try await connection.connect(conninfo: configuration.conninfo, timeout: configuration.connectTimeout)
            return connection
        } catch {
            offerPlace()
            throw error
        }
    }

    private func release(_ connection: PostgresConnection) async {
        guard await connection.isReusable(), !isClosed else {
            await connection.disconnect()
            offerPlace()
            return
        }
        state.release(connection)?.resume(returning: .use(connection))
    }

    private func offerPlace() {
        state.discard()?.resume(returning: .open)
    }
}
