import Engine
import Logging
import Metrics
import RedisClient
import ServiceLifecycle
import Timing

/// Expires the holds of one partition when they are due, in slices of bounded size, so that claims are hardly delayed.
///
/// Any number of workers can run this service at the same time: each hold expires once. A hold that is overdue cannot
/// be confirmed, even before it is expired.
struct HoldExpiryService: Service {
    let holds: HoldExpirer
    let logger: Logger

    /// The maximum sleep: a hold that begins during the sleep may end before all holds that were known at its start.
    private static let longestSleep = Duration.seconds(1)
    private let expired = Counter(label: "ticketblitz_holds_expired_total")

    init(holds: HoldExpirer, logger: Logger) {
        self.holds = holds
        self.logger = logger
    }

    func run() async throws {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do throws(RedisError) {
                let round = try await holds.expireDue()
                if failures > 0 { logger.notice("expiring holds works again") }
                failures = 0
                expired.increment(by: round.expired)
                await pause(min(round.rest ?? Self.longestSleep, Self.longestSleep))
            } catch {
                // Connections to a node that has left the cluster are closed too.
                if error.code == .closed, Task.isShuttingDownGracefully || Task.isCancelled { return }
                failures += 1
                if failures == 1 {
                    logger.warning("cannot expire holds; retrying", metadata: ["reason": "\(error)"])
                }
                await pause(Backoff().delay(failures: failures))
            }
        }
    }

    private func pause(_ duration: Duration) async {
        guard duration > .zero else { return await Task.yield() }
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
    }
}
