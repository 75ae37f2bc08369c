import Foundation
import Glibc
import Shared

/// A PostgreSQL of the test's own, on a unix socket. As root it runs as the user `postgres`, since it refuses to run as
/// root.
public actor PostgresServer {
    public let directory: URL
    private var process: ServerProcess

    private static let findBinaries = #"PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)""#
    private static let asUser = getuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --init-groups --" : ""
    private static let launchCommand =
        "\(findBinaries); exec \(asUser) postgres -D \"$1/data\" -c listen_addresses= -c unix_socket_directories=\"$1\" "
        + "-c max_connections=200 -c max_prepared_transactions=0 -c shared_buffers=64MB"

    public static func start() async throws -> PostgresServer {
        let directory = try ServerProcess.makeDirectory()
        if getuid() == 0, let user = getpwnam("postgres") {
            chown(directory.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let command =
            "\(findBinaries); \(asUser) initdb -D \"$1/data\" -U postgres --auth=trust --no-sync -E UTF8 --locale=C && "
            + "(\(launchCommand))"
        let server = PostgresServer(directory: directory, process: try ServerProcess("exec sh -c '\(command.replacingOccurrences(of: "'", with: "'\\''"))' sh \"$1\"", directory: directory))
        try await server.waitUntilReady()
        return server
    }

    private init(directory: URL, process: ServerProcess) {
        self.directory = directory
        self.process = process
    }

    public nonisolated var url: String { "host=\(directory.path) user=postgres dbname=postgres" }

    /// Stops it at once, connections and all.
    public func stop() async throws {
        let pidFile = directory.appendingPathComponent("data/postmaster.pid")
        let text = (try? String(contentsOf: pidFile, encoding: .utf8)) ?? ""
        if let line = text.split(separator: "\n").first, let postmaster = Int32(line) { kill(postmaster, SIGQUIT) }
        try await process.end(SIGCONT)
    }

    /// Starts it again on the same data.
    public func restart() async throws {
        process = try ServerProcess(Self.launchCommand, directory: directory)
        try await waitUntilReady()
    }

    private func waitUntilReady() async throws {
        let process = process
        try await eventually("Postgres starts in \(directory.path)", within: 60) {
            process.log.contains("database system is ready to accept connections")
        }
    }
}
