package import Foundation
import Glibc

/// A PgBouncer in front of a PostgreSQL server of the tests, on a unix socket. Any database can be used through it, and
/// every client is the user `postgres`.
package actor PgBouncerServer {
    package enum Mode: String, Sendable, CaseIterable {
        case session, transaction

        /// The mode that all tests of the run use; nil: no pooler.
        static var ofTheRun: Mode? { ProcessInfo.processInfo.environment["TEST_POOLER"].flatMap { Mode(rawValue: $0) } }
    }

    package nonisolated let directory: URL
    private let process: ServerProcess

    private static let port = 6432

    /// - Parameter serverConnections: the maximum number of connections to PostgreSQL for one database.
    package static func start(
        _ mode: Mode, to postgres: PostgresServer, serverConnections: Int = 6
    ) async throws -> PgBouncerServer {
        let directory = try ServerProcess.makeDirectory()
        // As Debian installs it: in particular, ignore_startup_parameters is empty. Only the idle time is shorter, because
        // each test has its own database.
        let configuration = """
            [databases]
            * = host=\(postgres.directory.path) user=postgres
            [pgbouncer]
            unix_socket_dir = \(directory.path)
            listen_port = \(port)
            auth_type = any
            pool_mode = \(mode.rawValue)
            max_client_conn = 1000
            default_pool_size = \(serverConnections)
            server_idle_timeout = 2
            """
        try Data((configuration + "\n").utf8).write(to: directory.appendingPathComponent("pgbouncer.ini"))
        if getuid() == 0, let user = getpwnam("postgres") {
            chown(directory.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let asUser = getuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --init-groups --" : ""
        let process = try ServerProcess(
            "PATH=\"$PATH:/usr/sbin\"; exec \(asUser) pgbouncer \"$1/pgbouncer.ini\"", directory: directory)
        try await eventually("PgBouncer starts in \(directory.path)") { process.log.contains("process up") }
        return PgBouncerServer(directory: directory, process: process)
    }

    private init(directory: URL, process: ServerProcess) {
        self.directory = directory
        self.process = process
    }

    package nonisolated func url(database: String = "postgres") -> String {
        "host=\(directory.path) port=\(Self.port) user=postgres dbname=\(database)"
    }

    package func stop() async throws { try await process.end(SIGKILL) }
}

/// Starts a PgBouncer for one test, runs `body`, and stops it, also if `body` throws.
package func withPgBouncer<Value>(
    _ mode: PgBouncerServer.Mode, to postgres: PostgresServer, serverConnections: Int = 6,
    _ body: (PgBouncerServer) async throws -> Value
) async throws -> Value {
    let server = try await PgBouncerServer.start(mode, to: postgres, serverConnections: serverConnections)
    do {
        let value = try await body(server)
        try await server.stop()
        return value
    } catch {
        try? await server.stop()
        throw error
    }
}
