import Foundation
import TestSupport

/// Records the length of each file of a Redis server at its last sync, and can truncate the files to these lengths, as
/// a power cut does.
struct SyncRecorder: Sendable {
    private static let source = checkout.appendingPathComponent("Tests/Tools/sync_recorder.c")

    private let directory: URL
    private var record: URL { directory.appendingPathComponent("record") }
    private var library: URL { directory.appendingPathComponent("recorder.so") }

    /// Builds the library that records the lengths, with the compiler of the Swift toolchain.
    static func make() async throws -> SyncRecorder {
        let recorder = SyncRecorder(directory: try ServerProcess.makeDirectory())
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let build = try Run(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["clang", "-shared", "-fPIC", "-O1", "-o", recorder.library.path, source.path, "-ldl"], ["PATH": path])
        guard try await build.exitCode(within: 120) == 0 else { throw GaveUp(description: build.output) }
        return recorder
    }

    /// The shell commands before the start of the server.
    var prefix: String { "export LD_PRELOAD='\(library.path)' SYNC_RECORD='\(record.path)';" }

    /// Truncates each file of a folder to its length at its last sync.
    ///
    /// - Returns: the number of truncated bytes.
    func cutToLastSync(in folder: URL) throws -> Int {
        var lengths: [Int: Int] = [:]
        for line in try String(contentsOf: record, encoding: .utf8).split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            if numbers.count == 2 { lengths[numbers[0]] = numbers[1] }
        }
        var lost = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let file = folder.appendingPathComponent(name).path
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            guard let inode = attributes[.systemFileNumber] as? Int, let size = attributes[.size] as? Int,
                let length = lengths[inode], length < size
            else { continue }
            lost += size - length
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            try handle.truncate(atOffset: UInt64(length))
            try handle.close()
        }
        return lost
    }
}
