import Foundation

/// Its files, while it does not run or as they are at the moment.
extension RedisServer {
    package nonisolated var files: URL { directory.appendingPathComponent("appendonlydir") }
    private nonisolated var saved: URL { directory.appendingPathComponent("saved") }

    package nonisolated func removeFiles() throws { try FileManager.default.removeItem(at: files) }

    /// Keeps a copy of its state.
    package nonisolated func saveFiles() throws { try FileManager.default.copyItem(at: files, to: saved) }

    /// Puts the copy in the place of its state.
    package nonisolated func restoreFiles() throws {
        try removeFiles()
        try FileManager.default.moveItem(at: saved, to: files)
    }
}
