import Foundation
import Glibc

/// A server that a test run starts for itself: in a folder of its own, ended with the test process whatever becomes of it.
///
/// A small shell watches: it ends the server when its standard input does, that is when the test process has gone.
package final class ServerProcess: Sendable {
    package let directory: URL
    private let server: Process
    private let watch: Process

    /// - Parameters:
    ///   - command: what to run, as a shell writes it; `$1` is the server's folder. It must `exec` into the server.
    ///   - directory: where its files and its log go.
    package init(_ command: String, directory: URL) throws {
        self.directory = directory
        let log = directory.appendingPathComponent("server.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        server = Process()
        server.executableURL = URL(fileURLWithPath: "/bin/sh")
        server.arguments = ["-c", command, "sh", directory.path]
        server.standardInput = FileHandle.nullDevice
        server.standardOutput = output
        server.standardError = output
        try server.run()
        watch = try Self.watch(server.processIdentifier)
    }

    /// Starts a shell that ends a process when this one has gone. To be terminated once the process has ended by itself.
    package static func watch(_ process: Int32) throws -> Process {
        let watch = Process()
        watch.executableURL = URL(fileURLWithPath: "/bin/sh")
        watch.arguments = ["-c", "cat >/dev/null; kill -KILL $1", "sh", String(process)]
        watch.standardInput = Pipe()
        watch.standardOutput = FileHandle.nullDevice
        watch.standardError = FileHandle.nullDevice
        try watch.run()
        return watch
    }

    package var processID: Int32 { server.processIdentifier }

    package var log: String {
        (try? String(contentsOf: directory.appendingPathComponent("server.log"), encoding: .utf8)) ?? ""
    }

    package var isRunning: Bool { server.isAlive }

    /// Sends a signal to the server.
    package func signal(_ number: Int32) {
        if server.isAlive { kill(processID, number) }
    }

    /// Ends the server and waits until it is gone.
    package func end(_ number: Int32 = SIGKILL) async throws {
        signal(number)
        try await eventually("the server ends") { !self.server.isAlive }
        if watch.isRunning { watch.terminate() }
    }

    /// A new empty folder with a short path, since a socket's path has 107 bytes at most. Anyone may enter it: servers
    /// may run as a user of their own.
    package static func makeDirectory() throws -> URL {
        var template = Array("/tmp/tb-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
        Leftovers.shared.add(path)
        return URL(fileURLWithPath: path)
    }
}

/// Folders to remove when the test process ends.
private final class Leftovers: @unchecked Sendable {  // `paths` is only touched under `lock`
    static let shared = Leftovers()
    private let lock = NSLock()
    private var paths: [String] = []

    private init() {
        atexit { Leftovers.shared.remove() }
    }

    func add(_ path: String) {
        lock.withLock { paths.append(path) }
    }

    private func remove() {
        for path in lock.withLock({ paths }) { try? FileManager.default.removeItem(atPath: path) }
    }
}

/// What a test waited for in vain.
package struct GaveUp: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// Waits until something is true, looking again and again; throws after `seconds`. The limit costs a test that passes
/// nothing, and a busy machine can stand still for long.
package func eventually(
    _ what: String, within seconds: Double = 60, _ condition: @Sendable () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try? await Task.sleep(for: .milliseconds(5))
    }
    throw GaveUp(description: "gave up waiting: \(what)")
}
