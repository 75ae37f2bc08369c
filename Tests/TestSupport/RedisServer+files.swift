package import Foundation

/// The files of the server.
extension RedisServer {
    package nonisolated var files: URL { directory.appendingPathComponent("appendonlydir") }
    private nonisolated var saved: URL { directory.appendingPathComponent("saved") }

    package nonisolated func removeFiles() throws { try FileManager.default.removeItem(at: files) }

    /// Copies the files.
    package nonisolated func saveFiles() throws { try FileManager.default.copyItem(at: files, to: saved) }

    /// Replaces the files with the copy.
    package nonisolated func restoreFiles() throws {
        try removeFiles()
        try FileManager.default.moveItem(at: saved, to: files)
    }
}
