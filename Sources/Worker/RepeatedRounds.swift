import Logging
import RedisClient
import ServiceLifecycle
import Timing

/// Repeats rounds of work on one partition until the worker shuts down. After an error, it waits longer each time; it logs the first
/// error, and that the work succeeds again.
///
/// - Parameters:
///   - work: what a round does, for the log: “cannot … ; retrying”.
///   - round: does one round, and returns how long to wait before the next one.
func repeatRounds(of work: String, _ logger: Logger, _ round: () async throws -> Duration) async {
    var failures = 0
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
        let wait: Duration
        do {
            wait = try await round()
            if failures > 0 { logger.notice("can \(work) again") }
            failures = 0
        } catch {
            // Connections to a node that has left the cluster are closed too.
            let isStopping = Task.isShuttingDownGracefully || Task.isCancelled
            if isStopping, (error as? RedisError)?.code == .closed { return }
            failures += 1
            if failures == 1 { logger.warning("cannot \(work); retrying", metadata: ["reason": "\(error)"]) }
            wait = Backoff().delay(failures: failures)
        }
        if wait > .zero {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: wait) }
        } else {
            await Task.yield()
        }
    }
}
