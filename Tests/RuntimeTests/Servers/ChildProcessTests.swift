import Foundation
import Glibc
import TestSupport
import Testing

/// How the tests start programs.
@Suite struct ChildProcessTests {
    private func shell(_ command: String, output: Pipe? = nil, directory: String? = nil) throws -> ChildProcess {
        try ChildProcess(
            "/bin/sh", ["-c", command], environment: ["A": "b c"], directory: directory,
            output: output?.fileHandleForWriting.fileDescriptor)
    }

    private func text(of command: String, directory: String? = nil) throws -> String {
        let pipe = Pipe()
        let child = try shell(command, output: pipe, directory: directory)
        try pipe.fileHandleForWriting.close()
        defer { withExtendedLifetime(child) {} }
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    @Test func itsEndIsReported() async throws {
        let child = try shell("exit 7")
        try await eventually("it has ended") { child.end == .exited(7) }
    }

    @Test func aSignalEndsIt() async throws {
        let child = try shell("exec sleep 100")
        #expect(child.isAlive)
        child.signal(SIGTERM)
        try await eventually("it has ended") { child.end == .signalled(SIGTERM) }
    }

    /// A file that a child keeps open would keep a port in use, or a peer waiting for the end of a stream.
    @Test func itInheritsNoFile() throws {
        let files = try (0..<5).map { _ in dup(try #require(FileHandle(forReadingAtPath: "/dev/null")).fileDescriptor) }
        defer { for file in files { close(file) } }
        // 3 is the folder that ls reads.
        #expect(try text(of: "ls /proc/self/fd") == "0\n1\n2\n3\n")
    }

    @Test func itHasItsOwnEnvironmentAndFolder() throws {
        #expect(try text(of: "echo $A; pwd", directory: "/usr") == "b c\n/usr\n")
    }

    /// Above 31 are those of the C library, which ignores one itself.
    @Test(arguments: ["SigBlk", "SigIgn"]) func noSignalIsIgnoredOrBlocked(mask: String) throws {
        let line = try text(of: "grep \(mask) /proc/self/status")
        let signals = try #require(Int(line.dropFirst("\(mask):\t".count).dropLast(), radix: 16))
        #expect(signals & 0x7fff_ffff == 0)
    }

    @Test func aProgramThatIsNotThereIsNamed() {
        #expect(throws: GaveUp.self) { try ChildProcess("/no/such/program", []) }
    }
}
