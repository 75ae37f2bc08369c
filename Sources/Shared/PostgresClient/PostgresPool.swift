import Logging
import Metrics

/// A bounded pool of connections; a connection is lent for the duration of a closure.
///
/// Connections are opened on demand, apart from the callers, and kept. A connection that is broken, or on which a
/// transaction is still open, does not return to the pool. If the state of a session does not let it serve, such as after
/// a failover, neither does any connection that was opened before it.
package actor PostgresPool {
    private typealias Entry = PoolState<PostgresConnection, Waiter>.Entry
    private typealias Waiter = CheckedContinuation<Result<Lent, PostgresError>, Never>

    /// A connection of the pool, and its number.
    struct Lent: Sendable {
        let connection: PostgresConnection
        fileprivate let number: Int
    }

    private let configuration: PostgresConfiguration
    private var state: PoolState<PostgresConnection, Waiter>
    private var nextKey = 0
    /// Why the last attempt to open a connection failed; nil if it succeeded.
    private var lastFailure: PostgresError?
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
        let lent = try await lease()
        do {
            let value = try await body(lent.connection)
            await release(lent)
            return value
        } catch {
            await release(lent)
            throw error
        }
    }

    /// Closes idle connections and refuses new leases; lent connections are closed when they are returned.
    package func close() async {
        isClosed = true
        let (idle, waiters) = state.drain()
        for waiter in waiters { waiter.resume(returning: .failure(PostgresError(.closed, "the pool is closed"))) }
        for connection in idle { await connection.disconnect() }
    }

    /// Connections that are open or being opened, idle connections, and callers that wait for one.
    package var stats: (open: Int, idle: Int, waiting: Int) { (state.count, state.idleCount, state.waitingCount) }

    // MARK: Leasing

    private func lease() async throws(PostgresError) -> Lent {
        while true {
            guard !isClosed else { throw PostgresError(.closed, "the pool is closed") }
            let lent = try await turn()
            guard let entry = await usable(lent) else { continue }
            return Lent(connection: entry.connection, number: entry.number)
        }
    }

    private func turn() async throws(PostgresError) -> Lent {
        switch state.lease() {
        case .lend(let entry): return Lent(connection: entry.connection, number: entry.number)
        case .open(let number):
            open(number)
            return try await wait().get()
        case .refuse:
            throw PostgresError(.poolExhausted, "\(state.waitingCount) callers are waiting for a connection")
        case .wait:
            waits.increment()
            let begun = ContinuousClock.now
            let result = await wait()
            waitTimes.record(duration: ContinuousClock.now - begun)
            return try result.get()
        }
    }

    private func wait() async -> Result<Lent, PostgresError> {
        nextKey += 1
        let key = nextKey
        let timeout = Task {
            try await Task.sleep(for: configuration.leaseTimeout)
            state.abandon(key: key)?.resume(returning: .failure(timeoutError))
        }
        defer { timeout.cancel() }
        return await withCheckedContinuation { state.enqueue($0, key: key) }
    }

    private var timeoutError: PostgresError {
        if let lastFailure { return lastFailure }
        return state.openingCount > 0
            ? PostgresError(.notConnected, "no connection was opened within \(configuration.leaseTimeout)")
            : PostgresError(.poolExhausted, "no connection became free within \(configuration.leaseTimeout)")
    }

    // MARK: Opening

    /// Opens a connection apart from the callers: opening may take longer than a caller waits, if the first of several
    /// servers does not answer.
    private func open(_ number: Int) {
        Task {
            let connection = PostgresConnection(
                statementTimeout: configuration.statementTimeout, pooler: configuration.pooler)
            do throws(PostgresError) {
                try await connection.connect(conninfo: configuration.conninfo, timeout: configuration.connectTimeout)
                lastFailure = nil
                await keep(Entry(connection: connection, number: number))
            } catch {
                lastFailure = error
                state.failed()?.resume(returning: .failure(error))
            }
            openForWaiters()
        }
    }

    private func keep(_ entry: Entry) async {
        guard !isClosed, !state.isRetired(entry) else {
            // Counts as opened and then as discarded. A caller that waits gets another connection.
            await entry.connection.disconnect()
            state.openingEnded()
            return state.discard()
        }
        state.opened(entry)?.resume(returning: .success(Lent(connection: entry.connection, number: entry.number)))
    }

    /// Opens connections for callers that wait while there is room.
    private func openForWaiters() {
        while !isClosed, let number = state.replacement() { open(number) }
    }

    // MARK: Returning

    private func release(_ lent: Lent) async {
        guard let entry = await usable(lent) else { return }
        state.release(entry)?.resume(returning: .success(lent))
    }

    /// The connection, if it can be lent; otherwise it is discarded.
    private func usable(_ lent: Lent) async -> Entry? {
        let entry = Entry(connection: lent.connection, number: lent.number)
        let condition = await lent.connection.condition
        guard condition != .usable || isClosed || state.isRetired(entry) else { return entry }
        let old = condition == .unfit ? state.retire(entry) : []
        state.discard()
        openForWaiters()
        for connection in old + [lent.connection] { await connection.disconnect() }
        return nil
    }
}
