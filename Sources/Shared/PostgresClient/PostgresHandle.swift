import CLibpq
import Glibc

/// Owns one `PGconn` and closes it. One thread uses it, the connection's.
///
/// libpq's non-blocking calls are driven by `poll`, so that each wait ends at a deadline.
struct PostgresHandle: ~Copyable {
    let connection: OpaquePointer

    /// Connects. `conninfo` is whatever libpq takes: a URI or keywords. libpq resolves host names itself, which blocks
    /// the thread.
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
        // libpq gives the SQLSTATE of a refused connection only in the text of a verbose message.
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
        // Notices ("relation already exists, skipping") are dropped; libpq would print them.
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

    /// The SQLSTATE of a refused connection is in its message: `… failed: FATAL:  28P01: password authentication
    /// failed`.
    private func connectError() -> PostgresError {
        let error = lastError(.notConnected)
        guard let match = error.message.firstMatch(of: /:  ([0-9A-Z]{5}): (.*)/) else { return error }
        return PostgresError(.notConnected, String(match.2), sqlState: String(match.1))
    }

    func lastError(_ code: PostgresError.Code) -> PostgresError {
        PostgresError(code, String(cString: PQerrorMessage(connection)))
    }

    /// Whether the connection works and no transaction is open. Detects that the server has closed the socket.
    func isIdle() -> Bool {
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        if poll(&descriptor, 1, 0) > 0, PQconsumeInput(connection) != 1 { return false }
        return PQstatus(connection) == CONNECTION_OK && PQtransactionStatus(connection) == PQTRANS_IDLE
    }

    /// Waits for the socket; returns the events that occurred. Throws `code` when the deadline passes.
    @discardableResult
    func wait(
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
}
