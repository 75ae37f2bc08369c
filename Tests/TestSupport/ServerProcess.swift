package import Foundation
import Glibc

/// A server that a test run starts in its own folder. It ends with the test process, even if that crashes.
///
/// A shell watches the test process: its standard input is closed when the test process ends, and then it kills the
/// server.
package final class ServerProcess: Sendable {
    package let directory: URL
    private let server: ChildProcess
    private let watch: Watch

    /// - Parameters:
    ///   - command: a shell command; `$1` is the folder of the server. It must `exec` the server.
    ///   - directory: the folder for the files and the log of the server.
    package init(_ command: String, directory: URL) throws {
        self.directory = directory
        let log = directory.appendingPathComponent("server.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        let file = output.fileDescriptor
        server = try ChildProcess("/bin/sh", ["-c", command, "sh", directory.path], output: file, errors: file)
        watch = try Watch(server)
    }

    package var processID: Int32 { server.id }

    package var log: String {
        (try? String(contentsOf: directory.appendingPathComponent("server.log"), encoding: .utf8)) ?? ""
    }

    package var isRunning: Bool { server.isAlive }

    /// Sends a signal to the server.
    package func signal(_ number: Int32) {
        server.signal(number)
    }

    /// Sends a signal to the server and waits until it has ended.
    package func end(_ number: Int32 = SIGKILL) async throws {
        signal(number)
        try await eventually("the server has exited") { !self.server.isAlive }
        watch.end()
    }

    /// Creates an empty folder with a short path, because the path of a socket has at most 107 bytes. All users can
    /// read it, because servers may run as another user.
    package static func makeDirectory() throws -> URL {
        var template = Array("/tmp/tb-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
        Leftovers.shared.add(path)
        return URL(fileURLWithPath: path)
    }
}

/// A shell that kills a process when this process ends, even if it crashes.
struct Watch {
    private let shell: ChildProcess
    /// Its end closes when this process ends.
    private let pipe = Pipe()

    init(_ process: ChildProcess) throws {
        shell = try ChildProcess(
            "/bin/sh", ["-c", "cat >/dev/null; kill -KILL $1", "sh", String(process.id)],
            input: pipe.fileHandleForReading.fileDescriptor)
        try pipe.fileHandleForReading.close()
    }

    /// For a process that has ended. Its number may soon be that of another one.
    func end() { shell.signal(SIGKILL) }
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

/// A condition that a test waited for did not become true.
package struct GaveUp: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// Waits until a condition is true, and throws after `seconds`. The limit is long, because a busy machine can stall,
/// and it does not delay a test that passes.
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
