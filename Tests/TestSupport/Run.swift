package import Foundation
import Glibc

/// A process that a test starts: a program of this package or a tool.
package final class Run: Sendable {
    private let process: ChildProcess
    private let program: String
    private let watch: Watch
    private let log: URL

    /// The folder of the built programs of this package.
    package static var products: URL { URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent() }

    /// - Parameter launcher: a command that runs the program, see ``TestNetwork/Host/launcher``.
    package convenience init(
        _ program: String, _ arguments: [String], _ environment: [String: String], launcher: [String] = []
    ) throws {
        let program = Self.products.appendingPathComponent(program)
        if launcher.isEmpty {
            try self.init(program, arguments, environment)
        } else {
            try self.init(
                URL(fileURLWithPath: "/usr/bin/env"), launcher + [program.path] + arguments,
                ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(environment) { $1 })
        }
    }

    /// Starts an executable in a new folder.
    ///
    /// - Parameters:
    ///   - input: its standard input; nil for none.
    ///   - output: its standard output; nil to write it to the log.
    package init(
        _ executable: URL, _ arguments: [String], _ environment: [String: String], input: Pipe? = nil,
        output pipe: Pipe? = nil
    ) throws {
        let directory = try ServerProcess.makeDirectory()
        log = directory.appendingPathComponent("log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        program = executable.lastPathComponent
        process = try ChildProcess(
            executable.path, arguments, environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 },
            directory: directory.path, input: input?.fileHandleForReading.fileDescriptor,
            output: (pipe?.fileHandleForWriting ?? output).fileDescriptor, errors: output.fileDescriptor)
        // The ends of the child: a reader of its output is told when the child has ended.
        try input?.fileHandleForReading.close()
        try pipe?.fileHandleForWriting.close()
        watch = try Watch(process)
    }

    package var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    package var id: Int32 { process.id }

    package var isRunning: Bool { process.isAlive }

    package func signal(_ number: Int32) { process.signal(number) }

    /// Waits until the process has ended. The result is its exit code, or the number of the signal that ended it.
    package func exitCode(within seconds: Double = 60) async throws -> Int32 {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            switch process.end {
            case .exited(let number), .signalled(let number):
                watch.end()
                return number
            case nil: try? await Task.sleep(for: .milliseconds(5))
            }
        }
        throw GaveUp(description: "gave up waiting: \(program) exits; its output:\n\(output)")
    }

    deinit {
        process.signal(SIGKILL)
        watch.end()
    }
}
