import CLibpq
import Glibc

/// Owns one `PGconn` and closes it. Used by one thread, the connection's; no pointer leaves this file.
///
/// libpq's non-blocking calls are driven by `poll`, so that each wait ends at a deadline.
struct PostgresHandle: ~Copyable {
    private let connection: OpaquePointer

    /// Connects. `conninfo` is whatever libpq takes: a URI or keywords. Name resolution is libpq's and blocks the thread.
    static func connect(
        conninfo: String, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresHandle {
        let keywords = try PostgresConninfo.keywords(of: conninfo)
        var names: [UnsafeMutablePointer<CChar>?] = keywords.map { strdup($0.0) }
        var values: [UnsafeMutablePointer<CChar>?] = keywords.map { strdup($0.1) }
        defer { for text in names + values { free(text) } }
        names.append(nil)
        values.append(nil)
        let started = names.withUnsafeBufferPointer { names in
            values.withUnsafeBufferPointer { values in
                names.withMemoryRebound(to: UnsafePointer<CChar>?.self) { names in
                    values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
                        PQconnectStartParams(names.baseAddress, values.baseAddress, 0)
                    }
                }
            }
        }
        guard let started else { throw PostgresError(.notConnected, "no memory for a connection") }
        let handle = PostgresHandle(owning: started)
        // Only so does libpq tell the SQLSTATE of a refused connection: in the text of the message.
        let usual = PQsetErrorVerbosity(started, PQERRORS_VERBOSE)
        try handle.finishConnecting(deadline: deadline)
        PQsetErrorVerbosity(started, usual)
        handle.setUp()
        return handle
    }

    private init(owning connection: OpaquePointer) {
        self.connection = connection
    }

    private func setUp() {
        _ = PQsetnonblocking(connection, 1)
        // Notices ("relation already exists, skipping") are not ours to print.
        _ = PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit {
        PQfinish(connection)
    }

    private func finishConnecting(deadline: ContinuousClock.Instant) throws(PostgresError) {
        var wanted = PGRES_POLLING_WRITING
        while true {
            guard PQstatus(connection) != CONNECTION_BAD else { throw connectError() }
            switch wanted {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: try wait(for: Int16(POLLIN), until: deadline, otherwise: .notConnected)
            case PGRES_POLLING_WRITING: try wait(for: Int16(POLLOUT), until: deadline, otherwise: .notConnected)
            default: throw connectError()
            }
            wanted = PQconnectPoll(connection)
        }
    }

    // MARK: Statements

    /// Prepares a statement under its name.
    func prepare(_ statement: PostgresStatement, deadline: ContinuousClock.Instant) throws(PostgresError) {
        try accepted(PQsendPrepare(connection, statement.name, statement.sql, 0, nil))
        _ = try results(deadline: deadline)
    }

    /// Runs a prepared statement with parameters in text form.
    func execute(
        prepared name: String, _ parameters: [String?], deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresResult {
        let copies = parameters.map { $0.flatMap { strdup($0) } }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { $0.map { UnsafePointer($0) } }
        try accepted(PQsendQueryPrepared(connection, name, Int32(parameters.count), pointers, nil, nil, 0))
        return try results(deadline: deadline)
    }

    /// Runs SQL without parameters; several commands are one transaction.
    func execute(script sql: String, deadline: ContinuousClock.Instant) throws(PostgresError) -> PostgresResult {
        try accepted(PQsendQuery(connection, sql))
        return try results(deadline: deadline)
    }

    private func accepted(_ code: Int32) throws(PostgresError) {
        guard code == 1 else { throw lastError(.connectionLost) }
    }

    /// Sends what is buffered and reads all results of the query; the last one counts, the first error wins.
    private func results(deadline: ContinuousClock.Instant) throws(PostgresError) -> PostgresResult {
        while true {
            let flushed = PQflush(connection)
            guard flushed >= 0 else { throw lastError(.connectionLost) }
            if flushed == 0 { break }
            let ready = try wait(for: Int16(POLLIN | POLLOUT), until: deadline, otherwise: .timeout)
            if ready & Int16(POLLIN) != 0 { try accepted(PQconsumeInput(connection)) }
        }
        var answer = PostgresResult(rows: [], affected: 0)
        var failure: PostgresError?
        while true {
            while PQisBusy(connection) == 1 {
                try wait(for: Int16(POLLIN), until: deadline, otherwise: .timeout)
                try accepted(PQconsumeInput(connection))
            }
            guard let result = PQgetResult(connection) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: answer = Self.copy(result)
            default: failure = failure ?? error(of: result)
            }
        }
        if let failure { throw failure }
        return answer
    }

    // MARK: State

    /// Whether the connection stands and is outside any transaction. Notices a socket that the server has closed.
    func isIdle() -> Bool {
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        if poll(&descriptor, 1, 0) > 0, PQconsumeInput(connection) != 1 { return false }
        return PQstatus(connection) == CONNECTION_OK && PQtransactionStatus(connection) == PQTRANS_IDLE
    }

    // MARK: Waiting and copying

    @discardableResult
    private func wait(
        for events: Int16, until deadline: ContinuousClock.Instant, otherwise code: PostgresError.Code
    ) throws(PostgresError) -> Int16 {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw PostgresError(code, "no answer within the deadline") }
            var descriptor = pollfd(fd: PQsocket(connection), events: events, revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            let ready = poll(&descriptor, 1, Int32(clamping: milliseconds))
            if ready > 0 { return descriptor.revents }
            if ready < 0, errno != EINTR { throw PostgresError(.connectionLost, "poll failed, errno \(errno)") }
        }
    }

    private func lastError(_ code: PostgresError.Code) -> PostgresError {
        PostgresError(code, String(cString: PQerrorMessage(connection)))
    }

    /// What a refused connection's message says: `… failed: FATAL:  28P01: password authentication failed …`.
    private func connectError() -> PostgresError {
        let error = lastError(.notConnected)
        guard let match = error.message.firstMatch(of: /:  ([0-9A-Z]{5}): (.*)/) else { return error }
        return PostgresError(.notConnected, String(match.2), sqlState: String(match.1))
    }

    private func error(of result: OpaquePointer) -> PostgresError {
        let sqlState = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
        let primary = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
        let message = primary ?? String(cString: PQresultErrorMessage(result))
        // Without a SQLSTATE it is libpq speaking: the connection broke. Class 57P means that the server ended the session.
        guard let sqlState else { return PostgresError(.connectionLost, message) }
        let code: PostgresError.Code = sqlState.hasPrefix("57P") ? .connectionLost : .server
        return PostgresError(code, message, sqlState: sqlState)
    }

    private static func copy(_ result: OpaquePointer) -> PostgresResult {
        let columns = PQnfields(result)
        let rows = (0..<PQntuples(result)).map { row in
            (0..<columns).map { column -> String? in
                guard PQgetisnull(result, row, column) == 0, let text = PQgetvalue(result, row, column) else {
                    return nil
                }
                let length = Int(PQgetlength(result, row, column))
                return String(
                    decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
            }
        }
        let affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        return PostgresResult(rows: rows, affected: affected)
    }
}
