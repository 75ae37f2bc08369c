import CoreMetrics
import Engine
import Logging
import RedisClient
import RedisSchema
import ServiceLifecycle

/// Records that go before their retention time because the memory of Redis is short.
struct EarlyDeletion: Sendable {
    let mark: MemoryMark
    /// Whether there may be more to delete.
    private(set) var isUnderway = false
    private(set) var hasWarned = false

    init(mark: MemoryMark) { self.mark = mark }

    /// Whether records have to go early, after the memory was read.
    mutating func mustContinue(with memory: RedisMemory) -> Bool {
        isUnderway = mark.isExceeded(by: memory, isDeleting: isUnderway)
        if !isUnderway { hasWarned = false }
        return isUnderway
    }

    /// Notes that no record is old enough.
    mutating func end() { isUnderway = false }

    /// Whether this is the first time since the memory was sufficient.
    mutating func warnsFirst() -> Bool {
        defer { hasWarned = true }
        return !hasWarned
    }
}

extension LedgerWriter {
    /// Batches between two readings of the memory.
    private static let batchesAtOnce = 8
    /// Readings of the memory before the other maintenance continues.
    private static let readingsAtOnce = 100

    /// Deletes the oldest records early while Redis uses more memory than the mark. Any number of workers can do so: each
    /// batch of records is deleted once.
    func deleteEarly(_ state: EarlyDeletion) async throws(RedisError) -> EarlyDeletion {
        var state = state
        for _ in 0..<Self.readingsAtOnce where !Task.isShuttingDownGracefully {
            let memory = try await queue.memory()
            guard state.mustContinue(with: memory) else { return state }
            if state.warnsFirst() {
                logger.warning(
                    "Redis's memory is short; records of settled orders are deleted early",
                    metadata: ["used": "\(memory.used)", "maxmemory": "\(memory.limit ?? 0)"])
            }
            for _ in 0..<Self.batchesAtOnce {
                guard let deleted = try await queue.deleteRecordsEarly() else {
                    state.end()
                    return state
                }
                metrics.deletedEarly.increment(by: deleted)
            }
        }
        return state
    }
}
