import Logging
import Shared

extension Drain {
    /// Looks for batches whose worker has died or stalls, and for records to let go, several times in a lease.
    func keepUp() async {
        while !Task.isShuttingDownGracefully {
            do throws(RedisError) {
                for token in try await queue.expiredTokens() {
                    if Task.isShuttingDownGracefully { return }
                    guard let batch = try await queue.reclaim(token) else { continue }
                    logger.notice(
                        "took over a batch",
                        metadata: ["orders": "\(batch.orders.count)", "attempts": "\(batch.attempts)"])
                    // Those before it may be overdue too, and are for this loop to take over: it does not wait for them.
                    await settle(batch, waiting: false)
                }
                while !Task.isShuttingDownGracefully, try await queue.forgetOldest() {}
                while !Task.isShuttingDownGracefully, try await queue.forgetOldest(withKey: true) {}
            } catch {
                // The drain meets the same failure and reports it.
            }
            await pause(min(lease / 4, .seconds(5)))
            if Task.isCancelled { return }
        }
    }
}
