package import Foundation

/// A Redis server for one test, configured like that of `make run`, on a unix socket and optionally on a TCP port.
package actor RedisServer {
    package nonisolated let directory: URL
    package nonisolated let socket: String
    private let options: String
    private let isClusterNode: Bool
    private let program: String
    private let launcher: [String]
    private var prefix: String
    private var process: ServerProcess

    /// - Parameters:
    ///   - options: options of redis-server, after the default ones.
    ///   - prefix: shell commands before the server starts.
    ///   - launcher: a command that runs the server, see ``TestNetwork/Host/launcher``.
    package static func start(
        options: String = "", prefix: String = "", launcher: [String] = []
    ) async throws -> RedisServer {
        let directory = try ServerProcess.makeDirectory()
        let server = try RedisServer(directory: directory, options: options, prefix: prefix, launcher: launcher)
        try await server.waitUntilReady()
        return server
    }

    private init(directory: URL, options: String, prefix: String, launcher: [String]) throws {
        self.prefix = prefix
        self.launcher = launcher
        self.directory = directory
        self.options = options
        isClusterNode = options.contains("--cluster-enabled yes")
        socket = directory.appendingPathComponent("s").path
        program = try RedisKind.current.program
        process = try Self.launch((launcher + [program]).joined(separator: " "), directory, options, prefix)
    }

    private static func launch(
        _ program: String, _ directory: URL, _ options: String, _ prefix: String
    ) throws -> ServerProcess {
        let port = options.contains("--port") ? "" : "--port 0"
        return try ServerProcess(
            """
            \(prefix) exec \(program) --dir "$1" --unixsocket "$1/s" \(port) --databases 1000 --save '' --appendonly yes \
            --appendfsync always --maxmemory-policy noeviction \(options)
            """, directory: directory)
    }

    /// The URL of a database. A node of a cluster has only one.
    package nonisolated func url(database: Int = 0) -> String {
        isClusterNode ? "unix://\(socket)" : "unix://\(socket)?db=\(database)"
    }

    package func signal(_ number: Int32) { process.signal(number) }

    package nonisolated var log: String {
        (try? String(contentsOf: directory.appendingPathComponent("server.log"), encoding: .utf8)) ?? ""
    }

    package var isRunning: Bool { process.isRunning }

    package var processID: Int32 { process.processID }

    /// Sets the shell commands of the next start.
    package func setPrefix(_ prefix: String) { self.prefix = prefix }

    /// Kills the server (kill -9).
    package func kill() async throws { try await process.end() }

    /// Restarts the server on the same files.
    package func restart() async throws {
        try await process.end()
        try? FileManager.default.removeItem(atPath: socket)
        process = try Self.launch((launcher + [program]).joined(separator: " "), directory, options, prefix)
        try await waitUntilReady()
    }

    private func waitUntilReady() async throws {
        let process = process
        try await eventually("Redis starts in \(directory.path)") { process.log.contains("eady to accept connections") }
    }
}

/// Starts a server for one test, runs `body`, and stops the server, also if `body` throws.
///
/// - Parameters:
///   - options: options of redis-server, after the default ones.
///   - prefix: shell commands before the server starts.
package func withRedisServer<Value>(
    options: String = "", prefix: String = "", _ body: (RedisServer) async throws -> Value
) async throws -> Value {
    let server = try await RedisServer.start(options: options, prefix: prefix)
    do {
        let value = try await body(server)
        try await server.kill()
        return value
    } catch {
        try? await server.kill()
        throw error
    }
}
