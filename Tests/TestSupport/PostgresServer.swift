package import Foundation
import Glibc
import PostgresClient

/// A PostgreSQL server for one test, on a unix socket. If the tests run as root, it runs as the user `postgres`,
/// because it refuses to run as root.
package actor PostgresServer {
    package nonisolated let directory: URL
    private let connections: Int
    private var process: ServerProcess

    private static let findBinaries =
        #"PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)""#
    private static let asUser = getuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --init-groups --" : ""
    /// - Parameter connections: the maximum number of connections.
    private static func serverCommand(connections: Int) -> String {
        "exec \(asUser) postgres -D \"$1/data\" -c listen_addresses= -c unix_socket_directories=\"$1\" "
            + "-c max_connections=\(connections) -c shared_buffers=64MB"
    }
    private static let initCommand =
        "\(asUser) initdb -D \"$1/data\" -U postgres --auth=trust --no-sync -E UTF8 --locale=C"

    package static func start(connections: Int = 600) async throws -> PostgresServer {
        let directory = try ServerProcess.makeDirectory()
        if getuid() == 0, let user = getpwnam("postgres") {
            chown(directory.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let command = "\(findBinaries); \(initCommand) && \(serverCommand(connections: connections))"
        let server = PostgresServer(
            directory: directory, connections: connections, process: try ServerProcess(command, directory: directory))
        try await server.waitUntilReady()
        return server
    }

    private init(directory: URL, connections: Int, process: ServerProcess) {
        self.directory = directory
        self.connections = connections
        self.process = process
    }

    package nonisolated var url: String { "host=\(directory.path) user=postgres dbname=postgres" }

    /// The log of the server.
    package nonisolated var log: String {
        (try? String(contentsOf: directory.appendingPathComponent("server.log"), encoding: .utf8)) ?? ""
    }

    /// Requires passwords from now on.
    package func demandPasswords() throws {
        let rules = directory.appendingPathComponent("data/pg_hba.conf")
        try Data("local all all scram-sha-256\n".utf8).write(to: rules)
        if getuid() == 0, let user = getpwnam("postgres") {
            chown(rules.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        process.signal(SIGHUP)
    }

    /// Changes a setting of the running server, for the connections that are open too.
    package func set(_ name: String, to value: String) async throws {
        let admin = PostgresPool(PostgresConfiguration(conninfo: url))
        try await admin.withConnection { connection in
            _ = try await connection.execute(script: "ALTER SYSTEM SET \(name) = '\(value)'")
            _ = try await connection.execute(script: "SELECT pg_reload_conf()")
        }
        await admin.close()
    }

    /// Stops the server at once and closes its connections.
    package func stop() async throws {
        try await process.end(SIGQUIT)
    }

    /// Kills the first process of the server (kill -9); the others notice that and end.
    package func kill() async throws {
        try await process.end(SIGKILL)
    }

    /// Sends a signal to the first process and to all that serve connections.
    package func signalAll(_ number: Int32) {
        let children =
            (try? String(
                contentsOfFile: "/proc/\(process.processID)/task/\(process.processID)/children", encoding: .utf8))
            ?? ""
        for child in children.split(separator: " ").compactMap({ Int32($0) }) { Glibc.kill(child, number) }
        process.signal(number)
    }

    /// Restarts the server on the same data. After kill -9 this may take several attempts: the new server refuses to
    /// start until the last old process has ended.
    package func restart() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            try await process.end(SIGQUIT)
            let started = try ServerProcess(
                "\(Self.findBinaries); \(Self.serverCommand(connections: connections))", directory: directory)
            process = started
            try await eventually("Postgres starts or refuses", within: 60) {
                !started.isRunning || started.log.contains("database system is ready to accept connections")
            }
            if started.isRunning { return }
            guard ContinuousClock.now < deadline else {
                throw GaveUp(description: "Postgres does not start: \(started.log)")
            }
        }
    }

    private func waitUntilReady() async throws {
        let process = process
        try await eventually("Postgres starts in \(directory.path)", within: 60) {
            process.log.contains("database system is ready to accept connections")
        }
    }
}

/// Starts a server for one test, runs `body`, and stops the server, also if `body` throws.
///
/// - Parameter connections: the maximum number of connections.
package func withPostgresServer<Value>(
    connections: Int = 200, _ body: (PostgresServer) async throws -> Value
) async throws -> Value {
    let server = try await PostgresServer.start(connections: connections)
    do {
        let value = try await body(server)
        try await server.stop()
        return value
    } catch {
        try? await server.stop()
        throw error
    }
}
