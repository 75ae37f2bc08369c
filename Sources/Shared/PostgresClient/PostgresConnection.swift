import Timing

/// A connection whose work runs on its own thread.
///
/// After an error that breaks it (see `PostgresError.Code.breaksConnection`) the connection is closed, and its pool
/// discards it.
package actor PostgresConnection {
    private nonisolated let thread: PostgresThread
    private var handle: PostgresHandle?
    /// What each prepared statement's name stands for on this connection.
    private var prepared: [String: Prepared] = [:]
    private let statementTimeout: Duration

    private struct Prepared {
        let sql: PostgresSQL
        let columns: PostgresColumns
        let parameters: [UInt32]
    }

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
        // A statement whose caller has given up must not keep its locks in the server.
        let limit = max(statementTimeout.milliseconds, 1)
        _ = try query(PostgresLimit.setForSession, (lock: Int(limit), statement: Int(limit) + 1000))
    }

    /// Runs a statement and returns its rows.
    package func query<Input: Sendable, Row: Sendable>(
        _ statement: PostgresStatement<Input, Row>, _ input: Input, timeout: Duration? = nil
    ) throws(PostgresError) -> [Row] {
        try run(statement, input, timeout: timeout) { (result, read) throws(PostgresError) in try result.rows(read) }
    }

    /// Runs a statement without rows and returns how many rows it changed.
    @discardableResult
    package func execute<Input: Sendable>(
        _ statement: PostgresStatement<Input, Never>, _ input: Input, timeout: Duration? = nil
    ) throws(PostgresError) -> Int {
        try run(statement, input, timeout: timeout) { (result, _) throws(PostgresError) in result.affected }
    }

    /// Runs SQL without parameters: a migration, or a command that takes none, such as BEGIN.
    @discardableResult
    package func execute(script sql: String, timeout: Duration? = nil) throws(PostgresError) -> PostgresResult {
        let deadline = ContinuousClock.now + (timeout ?? statementTimeout)
        return try withHandle { (handle: borrowing PostgresHandle) throws(PostgresError) in
            PostgresResult(rows: try handle.execute(script: sql, deadline: deadline).texts)
        }
    }

    /// Prepares a statement and finds its columns without running it.
    func check<Input, Row>(_ statement: PostgresStatement<Input, Row>) throws(PostgresError) {
        if let flaw = statement.flaw { throw PostgresError(.invalidStatement, flaw) }
        _ = try statement.reader(of: try prepare(statement, deadline: .now + statementTimeout).columns)
    }

    /// Whether the pool can lend the connection again: it works, and no transaction is open.
    func isReusable() -> Bool {
        guard let idle = try? withHandle({ (handle: borrowing PostgresHandle) in handle.isIdle() }) else {
            return false
        }
        return idle
    }

    func disconnect() {
        handle = nil
    }

    // MARK: Running

    /// The reader of a prepared statement is made before the statement runs: if a column is missing, nothing is
    /// changed.
    private func run<Input, Row, Value>(
        _ statement: PostgresStatement<Input, Row>, _ input: Input, timeout: Duration?,
        _ read: (borrowing LibpqResult, PostgresStatement<Input, Row>.Reader) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let deadline = ContinuousClock.now + (timeout ?? statementTimeout)
        let values = try statement.values(of: input)
        guard statement.isPrepared else {
            return try withHandle { (handle: borrowing PostgresHandle) throws(PostgresError) in
                let result = try handle.execute(once: statement.sql.text, values, deadline: deadline)
                return try read(result, try statement.reader(of: result.columns))
            }
        }
        let known = try prepare(statement, deadline: deadline)
        try statement.check(values, against: known.parameters)
        let reader = try statement.reader(of: known.columns)
        return try withHandle { (handle: borrowing PostgresHandle) throws(PostgresError) in
            let result = try handle.execute(prepared: statement.name, values, deadline: deadline)
            return try read(result, reader)
        }
    }

    /// Prepares the statement if this connection has not yet.
    private func prepare<Input, Row>(
        _ statement: PostgresStatement<Input, Row>, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Prepared {
        if let known = prepared[statement.name] {
            guard known.sql == statement.sql else {
                throw PostgresError(.invalidStatement, "two statements have the name \(statement.name)")
            }
            return known
        }
        let description = try withHandle { (handle: borrowing PostgresHandle) throws(PostgresError) in
            try handle.prepare(statement.name, statement.sql.text, deadline: deadline)
        }
        let new = Prepared(
            sql: statement.sql, columns: description.columns, parameters: description.parameters)
        prepared[statement.name] = new
        return new
    }

    private func withHandle<Value>(
        _ body: (borrowing PostgresHandle) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        do throws(PostgresError) {
            switch handle {
            case .some(let handle): return try body(handle)
            case .none: throw PostgresError(.notConnected, "the connection is closed")
            }
        } catch {
            if error.code.breaksConnection { handle = nil }
            throw error
        }
    }
}
