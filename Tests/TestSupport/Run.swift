package import Foundation
import Glibc

/// A process that a test starts: a program of this package or a tool.
package final class Run: Sendable {
    private let process = Process()
    private let watch: Process
    private let log: URL

    /// The folder of the built programs of this package.
    package static var products: URL { URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent() }

    package convenience init(_ program: String, _ arguments: [String], _ environment: [String: String]) throws {
        try self.init(Self.products.appendingPathComponent(program), arguments, environment)
    }

    /// Starts an executable in a new folder.
    package init(_ executable: URL, _ arguments: [String], _ environment: [String: String]) throws {
        let directory = try ServerProcess.makeDirectory()
        log = directory.appendingPathComponent("log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        process.executableURL = executable
        process.currentDirectoryURL = directory
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        watch = try ServerProcess.watch(process.processIdentifier)
    }

    package var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    package var isRunning: Bool { process.isAlive }

    package func signal(_ number: Int32) {
        if process.isAlive { kill(process.processIdentifier, number) }
    }

    package func exitCode(within seconds: Double = 60) async throws -> Int32 {
        let program = process.executableURL?.lastPathComponent ?? "?"
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if !process.isAlive, let status = process.status {
                if watch.isRunning { watch.terminate() }
                return status
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        throw GaveUp(description: "gave up waiting: \(program) exits; its output:\n\(output)")
    }

    deinit {
        if process.isAlive { kill(process.processIdentifier, SIGKILL) }
        if watch.isRunning { watch.terminate() }
    }
}
