import Foundation
import TestSupport

/// Knows how long each of a Redis's files was at its last sync, and can cut them to that: what a power cut leaves.
struct SyncRecorder: Sendable {
    private static let source = checkout.appendingPathComponent("Tests/Tools/sync_recorder.c")

    private let directory: URL
    private var record: URL { directory.appendingPathComponent("record") }
    private var library: URL { directory.appendingPathComponent("recorder.so") }

    /// Builds the library that takes the notes, with the compiler that comes with Swift.
    static func make() async throws -> SyncRecorder {
        let recorder = SyncRecorder(directory: try ServerProcess.makeDirectory())
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let build = try Run(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["clang", "-shared", "-fPIC", "-O1", "-o", recorder.library.path, source.path, "-ldl"], ["PATH": path])
        guard try await build.exitCode(within: 120) == 0 else { throw GaveUp(description: build.output) }
        return recorder
    }

    /// For the shell that starts the server.
    var prefix: String { "export LD_PRELOAD='\(library.path)' SYNC_RECORD='\(record.path)';" }

    /// Cuts each file of a folder to its length at its last sync; how many bytes that took away.
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
