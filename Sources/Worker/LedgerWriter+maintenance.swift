import CoreMetrics
import Engine
import Logging
import RedisClient
import RedisSchema
import ServiceLifecycle

extension LedgerWriter {
    /// Announces this worker, takes over batches with expired leases, and deletes old records: four times per lease,
    /// and at least every five seconds; without a pause while the memory of Redis is short.
    func maintain() async {
        var early = EarlyDeletion(mark: memoryMark)
        while !Task.isShuttingDownGracefully {
            do throws(RedisError) {
                try await queue.noteWorker(name)
                // Repeats at once while it makes progress: the first expired batch need not be the first in turn, and a
                // batch that was split has more parts.
                while try await takeOverExpired() {}
                while !Task.isShuttingDownGracefully, try await queue.deleteOldestRecords() {}
                while !Task.isShuttingDownGracefully, try await queue.deleteOldestRecords(withKey: true) {}
                early = try await deleteEarly(early)
            } catch {
                // Taking the next batch meets the same failure and logs it.
            }
            await reconcileLateEvents()
            await pause(early.isUnderway ? .milliseconds(20) : min(lease / 4, .seconds(5)))
            if Task.isCancelled { return }
        }
    }

    /// - Returns: whether at least one batch was settled or dead-lettered.
    private func takeOverExpired() async throws(RedisError) -> Bool {
        var madeProgress = false
        for token in try await queue.expiredTokens() {
            if Task.isShuttingDownGracefully { return false }
            if try await takeOver(token) { madeProgress = true }
        }
        return madeProgress
    }

    private func takeOver(_ token: String) async throws(RedisError) -> Bool {
        switch try await queue.reclaim(token) {
        case .batch(let batch):
            metrics.reclaims.increment()
            logger.notice(
                "took over a batch",
                metadata: ["orders": "\(batch.orders.count)", "attempts": "\(batch.attempts)"])
            // Earlier batches may have expired too, and this loop takes them over; so it must not wait for them.
            return await settle(batch, waiting: false)
        case .deadLettered(let reason):
            metrics.deadLettered.increment()
            logger.error("an entry of the queue was dead-lettered", metadata: ["reason": "\(reason)"])
            return true
        case nil:
            return false
        }
    }
}
