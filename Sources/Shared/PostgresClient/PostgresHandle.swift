import CLibpq
import Glibc

/// Owns one `PGconn` and closes it. One thread uses it, the connection's.
///
/// libpq's non-blocking calls are driven by `poll`, so that each wait ends at a deadline.
struct PostgresHandle: ~Copyable {
    let connection: OpaquePointer

    init(owning connection: OpaquePointer) {
        self.connection = connection
    }

    func setUp() {
        _ = PQsetnonblocking(connection, 1)
        // Notices ("relation already exists, skipping") are dropped; libpq would print them.
        _ = PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit {
        PQfinish(connection)
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

    /// Whether a transaction is open, failed or not.
    var isInTransaction: Bool {
        switch PQtransactionStatus(connection) {
        case PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE: true
        default: false
        }
    }

    /// The process that serves the session, as the server or a pooler told it at the start.
    var backend: Int32 { PQbackendPID(connection) }

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
