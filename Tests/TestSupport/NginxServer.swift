import Foundation

/// Debian's nginx with the shipped configuration of the balancer, in front of a server of a test.
package struct NginxServer: Sendable {
    package let port: Int
    private let process: ServerProcess

    /// What the log contains.
    package var log: String { process.log }

    /// - Parameters:
    ///   - upstream: the port of the server behind nginx.
    ///   - changes: further texts of the configuration to replace, and their replacements.
    fileprivate static func start(upstream: Int, changes: [String: String]) async throws -> NginxServer {
        let directory = try ServerProcess.makeDirectory()
        let port = try freePort()
        var text = try String(
            contentsOf: checkout.appendingPathComponent("deploy/nginx/ticketblitz.conf"), encoding: .utf8)
        // What is different outside a container: files, ports, and the name of the API, which Docker resolves.
        let here = [
            "/tmp/": directory.path + "/", "listen 8080": "listen 127.0.0.1:\(port)",
            "http://api:9090": "http://127.0.0.1:\(upstream)",
        ]
        for (old, new) in here.merging(changes, uniquingKeysWith: { $1 }) {
            guard text.contains(old) else { throw GaveUp(description: "the configuration of nginx has no '\(old)'") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        let file = directory.appendingPathComponent("nginx.conf")
        try text.write(to: file, atomically: true, encoding: .utf8)
        let process = try ServerProcess(
            """
            PATH=$PATH:/usr/sbin exec nginx -e stderr -p "$1" -c "$1/nginx.conf" -g "daemon off; master_process off;"
            """, directory: directory)
        let server = NginxServer(port: port, process: process)
        try await eventually("nginx starts: \(server.log)") {
            (try? await HTTPClient(port: port).send("GET", "/nowhere").status) == 404
        }
        return server
    }

    fileprivate func end() async throws { try await process.end() }
}

/// Starts nginx with the shipped configuration for one test, runs `body`, and stops nginx, also if `body` throws.
///
/// - Parameters:
///   - upstream: the port of the server behind nginx.
///   - changes: texts of the configuration to replace, and their replacements.
package func withNginxServer<Value>(
    upstream: Int, changes: [String: String] = [:], _ body: (NginxServer) async throws -> Value
) async throws -> Value {
    let server = try await NginxServer.start(upstream: upstream, changes: changes)
    do {
        let value = try await body(server)
        try await server.end()
        return value
    } catch {
        try? await server.end()
        throw error
    }
}
