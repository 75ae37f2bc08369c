import Logging
import RedisClient

extension LedgerWriter {
    /// Whether any of them came to an end.
    private func takeOverExpired() async throws(RedisError) -> Bool {
        var isHelping = false
        for token in try await queue.expiredTokens() {
            if Task.isShuttingDownGracefully { return false }
            if try await takeOver(token) { isHelping = true }
        }
        return isHelping
    }

    private func takeOver(_ token: String) async throws(RedisError) -> Bool {
        switch try await queue.reclaim(token) {
        case .batch(let batch):
            metrics.reclaims.increment()
            logger.notice(
                "took over a batch",
                metadata: ["orders": "\(batch.orders.count)", "attempts": "\(batch.attempts)"])
            // Those before it may be overdue too, and are for this loop to take over: it does not wait for them.
            return await settle(batch, waiting: false)
        case .deadLettered(let reason):
            metrics.deadLettered.increment()
            logger.error("an entry of the queue was set aside", metadata: ["reason": "\(reason)"])
            return true
        case nil:
            return false
        }
    }

    /// Looks for batches whose worker has died or stalls, and for records to let go, several times in a lease.
    func keepUp() async {
        while !Task.isShuttingDownGracefully {
            do throws(RedisError) {
                try await queue.noteWorker(name)
                // Again at once while it helps: the first to be found need not be the first in turn, and what was cut into
                // pieces is to be brought to an end.
                while try await takeOverExpired() {}
                while !Task.isShuttingDownGracefully, try await queue.deleteOldestRecords() {}
                while !Task.isShuttingDownGracefully, try await queue.deleteOldestRecords(withKey: true) {}
            } catch {
                // The drain meets the same failure and reports it.
            }
            await pause(min(lease / 4, .seconds(5)))
            if Task.isCancelled { return }
        }
    }
}
