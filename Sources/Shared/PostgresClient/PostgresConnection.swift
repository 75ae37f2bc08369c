import Timing

/// A connection whose work runs on its own thread.
///
/// After an error that breaks it (see `PostgresError.Code.breaksConnection`) the connection is closed, and its pool
/// discards it. After an error about the state of its session (``SQLState/Cause/session``) its pool replaces it.
package actor PostgresConnection {
    private nonisolated let thread: PostgresThread
    private var handle: PostgresHandle?
    /// What each prepared statement's name stands for on this connection.
    private var prepared: [String: Prepared] = [:]
    private let statementTimeout: Duration
    private let settings: PostgresSessionSettings
    private let pooler: PostgresPooler
    /// Whether another client can have the session between two transactions, so that nothing of it may be relied on.
    private var sharesSession = false
    private var isUnfit = false

    /// Whether the pool can lend the connection again.
    enum Condition: Hashable, Sendable {
        /// It works, and no transaction is open.
        case usable
        case broken
        /// The server answers, but not as this program needs. Connections that were opened earlier are like it.
        case unfit
    }

    private struct Prepared {
        let sql: PostgresSQL
        let columns: PostgresColumns
        let parameters: [UInt32]
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    package init(statementTimeout: Duration, pooler: PostgresPooler = .auto) {
        thread = PostgresThread(name: "postgres")
        self.statementTimeout = statementTimeout
        self.pooler = pooler
        settings = PostgresSessionSettings(statementTimeout: statementTimeout)
    }

    deinit {
        thread.stop()
    }

    /// Connects to the first server that accepts. `timeout` is for each address of each host.
    package func connect(conninfo: String, timeout: Duration) throws(PostgresError) {
        handle = try PostgresHandle.connect(conninfo: conninfo, timeout: timeout)
        sharesSession =
            switch pooler {
            case .none, .session: false
            case .transaction: true
            case .auto: try isPooled
            }
        if !sharesSession { try execute(script: settings.forSession) }
    }

    /// Whether there is a pooler in between. A pooler gives its clients keys of their own for cancel requests, and in
    /// them a process number that is not the server's.
    private var isPooled: Bool {
        get throws(PostgresError) {
            let server = try execute(script: "SELECT pg_backend_pid()").rows.first?.first ?? nil
            return try withHandle { (handle: borrowing PostgresHandle) in server != String(handle.backend) }
        }
    }

    // MARK: Transactions

    /// Begins a transaction with the settings on which this program relies.
    package func begin() throws(PostgresError) {
        try execute(script: settings.begin(settingLimits: sharesSession))
    }

    /// - Throws: an error if a statement of the transaction had failed, so that the server rolled it back.
    package func commit() throws(PostgresError) {
        let deadline = ContinuousClock.now + statementTimeout
        try withHandle { (handle: borrowing PostgresHandle) throws(PostgresError) in
            guard try handle.execute(script: "COMMIT", deadline: deadline).tag == "COMMIT" else {
                throw PostgresError(.server, "a statement of the transaction had failed; it was rolled back")
            }
        }
    }

    package func rollback() throws(PostgresError) {
        try execute(script: "ROLLBACK")
    }

    // MARK: Statements

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

    /// Runs SQL without parameters: a migration, or a command that takes none.
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
        _ = try inOwnTransaction { () throws(PostgresError) in
            try statement.reader(of: try prepare(statement, deadline: .now + statementTimeout).columns)
        }
    }

    // MARK: For the pool

    var condition: Condition {
        let idle = try? withHandle { (handle: borrowing PostgresHandle) in handle.isIdle() }
        return isUnfit ? .unfit : idle == true ? .usable : .broken
    }

    func disconnect() {
        handle = nil
    }

    // MARK: Running

    /// The reader of a prepared statement is made before the statement runs: if a column is missing, nothing is
    /// changed. A statement that is not prepared runs in a transaction if its session is shared, with the same effect.
    private func run<Input, Row, Value>(
        _ statement: PostgresStatement<Input, Row>, _ input: Input, timeout: Duration?,
        _ read: (borrowing LibpqResult, PostgresStatement<Input, Row>.Reader) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let deadline = ContinuousClock.now + (timeout ?? statementTimeout)
        let values = try statement.values(of: input)
        guard statement.isPrepared, !sharesSession else {
            return try inOwnTransaction { () throws(PostgresError) in
                try withHandle { (handle: borrowing PostgresHandle) throws(PostgresError) in
                    let result = try handle.execute(once: statement.sql.text, values, deadline: deadline)
                    return try read(result, try statement.reader(of: result.columns))
                }
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

    /// Runs `body` in the present transaction; if there is none and the session is shared, in one of its own, which
    /// applies the limits of a statement.
    private func inOwnTransaction<Value>(
        _ body: () throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let isOpen = try withHandle { (handle: borrowing PostgresHandle) in handle.isInTransaction }
        guard sharesSession, !isOpen else { return try body() }
        try begin()
        do throws(PostgresError) {
            let value = try body()
            try commit()
            return value
        } catch {
            try? rollback()
            throw error
        }
    }

    /// Prepares the statement if this connection has not yet. In a shared session it has no name, and the next statement
    /// replaces it.
    private func prepare<Input, Row>(
        _ statement: PostgresStatement<Input, Row>, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Prepared {
        if let known = prepared[statement.name] {
            guard known.sql == statement.sql else {
                throw PostgresError(.invalidStatement, "two statements have the name \(statement.name)")
            }
            return known
        }
        let name = sharesSession ? "" : statement.name
        let description = try withHandle { (handle: borrowing PostgresHandle) throws(PostgresError) in
            try handle.prepare(name, statement.sql.text, deadline: deadline)
        }
        let new = Prepared(
            sql: statement.sql, columns: description.columns, parameters: description.parameters)
        if !sharesSession { prepared[statement.name] = new }
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
            if error.isAboutSession { isUnfit = true }
            if error.code.breaksConnection { handle = nil }
            throw error
        }
    }
}
