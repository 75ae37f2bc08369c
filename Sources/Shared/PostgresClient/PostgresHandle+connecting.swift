import CLibpq
import Glibc

/// Opening a connection.
extension PostgresHandle {
    /// Connects to the first server of a connection string that accepts. `conninfo` is whatever libpq takes: a URI or
    /// keywords. Blocks the thread: each address of each host has `timeout`, or the `connect_timeout` of the string, and
    /// the resolution of names has the limits of the resolver.
    ///
    /// libpq leaves these deadlines to its blocking calls, so the servers are tried here, each by libpq alone.
    static func connect(conninfo: String, timeout: Duration) throws(PostgresError) -> PostgresHandle {
        let keywords = try PostgresConninfo.keywords(of: conninfo)
        let timeout = keywords.timeout(otherwise: timeout)
        var failures: [PostgresError] = []
        for round in keywords.rounds {
            let hosts = PostgresEndpoint.list(keywords)
            for host in keywords.isBalanced ? hosts.shuffled() : hosts {
                let endpoints = host.resolved
                for endpoint in keywords.isBalanced ? endpoints.shuffled() : endpoints {
                    do throws(PostgresError) {
                        return try connect(round.selecting(endpoint), deadline: .now + timeout)
                    } catch {
                        guard error.allowsNextServer else { throw error }
                        failures.append(error)
                    }
                }
            }
        }
        throw PostgresError(connecting: failures)
    }

    private static func connect(
        _ keywords: PostgresKeywords, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresHandle {
        var names: [UnsafeMutablePointer<CChar>?] = keywords.pairs.map { strdup($0.name) }
        var values: [UnsafeMutablePointer<CChar>?] = keywords.pairs.map { strdup($0.value) }
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

    private func finishConnecting(deadline: ContinuousClock.Instant) throws(PostgresError) {
        var wanted = PGRES_POLLING_WRITING
        while true {
            guard PQstatus(connection) != CONNECTION_BAD else { throw connectError() }
            let events: Int16
            switch wanted {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: events = Int16(POLLIN)
            case PGRES_POLLING_WRITING: events = Int16(POLLOUT)
            default: throw connectError()
            }
            do throws(PostgresError) {
                try wait(for: events, until: deadline, otherwise: .notConnected)
            } catch {
                throw PostgresError(.notConnected, "\(server) does not accept a connection within the deadline")
            }
            wanted = PQconnectPoll(connection)
        }
    }

    /// The server, for a message: `host (address):port`.
    private var server: String {
        let host = PQhost(connection).map { String(cString: $0) } ?? ""
        let address = PQhostaddr(connection).map { String(cString: $0) } ?? ""
        let port = PQport(connection).map { String(cString: $0) } ?? ""
        return "the server \(host)" + (address.isEmpty || address == host ? "" : " (\(address))") + " port \(port)"
    }

    /// The SQLSTATE of a refused connection is in its message: `… failed: FATAL:  28P01: password authentication
    /// failed`.
    private func connectError() -> PostgresError {
        let error = lastError(.notConnected)
        guard let match = error.message.firstMatch(of: /:  ([0-9A-Z]{5}): (.*)/) else { return error }
        return PostgresError(.notConnected, String(match.2), sqlState: String(match.1))
    }
}

extension PostgresError {
    /// Whether another server of the list may accept the connection. A server that answers with an error code decides
    /// for all, as in libpq, unless it is only unavailable: it starts, stops or is in recovery (57P), or it is a pooler
    /// that does not reach its server (08).
    fileprivate var allowsNextServer: Bool { cause == nil || cause == .connection }

    /// The failure of all servers of a list.
    fileprivate init(connecting failures: [PostgresError]) {
        let messages = failures.map { $0.message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "" }
        self.init(
            .notConnected, messages.isEmpty ? "no server is configured" : messages.joined(separator: "; "),
            sqlState: failures.last { $0.sqlState != nil }?.sqlState)
    }
}
