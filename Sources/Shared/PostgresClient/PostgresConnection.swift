import Timing

/// A connection whose work runs on its own thread.
///
/// After an error other than `.server` it is of no further use; its pool then gives it up.
package actor PostgresConnection {
    private nonisolated let thread: PostgresThread
    private var handle: PostgresHandle?
    private var prepared: Set<String> = []
    private let statementTimeout: Duration

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    package init(statementTimeout: Duration) {
        thread = PostgresThread(name: "postgres")
        self.statementTimeout = statementTimeout
    }

    deinit {
        thread.stop()
    }

    package func connect(conninfo: String, timeout: Duration) throws(PostgresError) {
        handle = try PostgresHandle.connect(conninfo: conninfo, deadline: .now + timeout)
        // So that a statement that we have given up does not go on in the server, holding its locks.
        let limit = max(statementTimeout.milliseconds, 1)
        try execute(script: "SET lock_timeout = \(limit); SET statement_timeout = \(limit + 1000)")
    }

    /// Runs a statement, preparing it first where this connection has not yet.
    package func execute(
        _ statement: PostgresStatement, _ parameters: [String?] = [], timeout: Duration? = nil
    ) throws(PostgresError) -> PostgresResult {
        let deadline = ContinuousClock.now + (timeout ?? statementTimeout)
        return try giveUpWhenBroken { () throws(PostgresError) in
            if !prepared.contains(statement.name) {
                try require { (handle: borrowing PostgresHandle) throws(PostgresError) in
                    try handle.prepare(statement, deadline: deadline)
                }
                prepared.insert(statement.name)
            }
            return try require { (handle: borrowing PostgresHandle) throws(PostgresError) in
                try handle.execute(prepared: statement.name, parameters, deadline: deadline)
            }
        }
    }

    /// Runs SQL without parameters, as a migration holds it.
    @discardableResult
    package func execute(script sql: String, timeout: Duration? = nil) throws(PostgresError) -> PostgresResult {
        let deadline = ContinuousClock.now + (timeout ?? statementTimeout)
        return try giveUpWhenBroken { () throws(PostgresError) in
            try require { (handle: borrowing PostgresHandle) throws(PostgresError) in
                try handle.execute(script: sql, deadline: deadline)
            }
        }
    }

    /// Whether the next user can have it: it stands, and no transaction is open.
    func isReusable() -> Bool {
        guard let idle = try? require({ (handle: borrowing PostgresHandle) in handle.isIdle() }) else { return false }
        return idle
    }

    func disconnect() {
        handle = nil
    }

    private func require<Value>(
        _ body: (borrowing PostgresHandle) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        switch handle {
        case .some(let handle): try body(handle)
        case .none: throw PostgresError(.notConnected, "the connection is closed")
        }
    }

    private func giveUpWhenBroken<Value>(
        _ body: () throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        do {
            return try body()
        } catch {
            if error.code != .server { handle = nil }
            throw error
        }
    }
}
