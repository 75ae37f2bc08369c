import Logging
import Metrics

/// A bounded pool of connections; a connection is lent for the duration of a closure.
///
/// Connections are opened on demand and kept. A connection that is broken, or on which a transaction is still open,
/// does not return to the pool.
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

    /// Lends a connection for the duration of `body`.
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

    /// Closes idle connections and refuses new leases; lent connections are closed when they are returned.
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
                offerReplacement()
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
            .fail(PostgresError(.poolExhausted, "\(state.waitingCount) callers are waiting for a connection"))
        case .wait: await wait()
        }
    }

    private func wait() async -> Turn {
        nextKey += 1
        let key = nextKey
        let timeout = Task {
            try await Task.sleep(for: configuration.leaseTimeout)
            let error = PostgresError(.poolExhausted, "no connection became free within \(configuration.leaseTimeout)")
            state.abandon(key: key)?.resume(returning: .fail(error))
        }
        defer { timeout.cancel() }
        waits.increment()
        let begun = ContinuousClock.now
        let turn = await withCheckedContinuation { state.enqueue($0, key: key) }
        waitTimes.record(duration: ContinuousClock.now - begun)
        return turn
    }

    /// Connections that are open or being opened, idle connections, and callers that wait for one.
    package var stats: (open: Int, idle: Int, waiting: Int) { (state.count, state.idleCount, state.waitingCount) }

    private func open() async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(statementTimeout: configuration.statementTimeout)
        do {
            try await connection.connect(conninfo: configuration.conninfo, timeout: configuration.connectTimeout)
            return connection
        } catch {
            offerReplacement()
            throw error
        }
    }

    private func release(_ connection: PostgresConnection) async {
        guard await connection.isReusable(), !isClosed else {
            await connection.disconnect()
            offerReplacement()
            return
        }
        state.release(connection)?.resume(returning: .use(connection))
    }

    private func offerReplacement() {
        state.discard()?.resume(returning: .open)
    }
}
