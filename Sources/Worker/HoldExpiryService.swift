import Engine
import Logging
import Metrics
import RedisClient
import ServiceLifecycle
import Timing

/// Ends one partition's holds when their time is over, a bounded slice at a time, so that claims beside it hardly wait.
///
/// Any number of workers sweep at the same time; each hold ends once, and one that is late cannot be confirmed meanwhile.
struct HoldExpiry: Service {
    let holds: HoldExpirer
    let logger: Logger

    /// The longest it sleeps: a hold that begins while it sleeps may end sooner than any that it knew of.
    private static let longestRest = Duration.seconds(1)
    private let expiries = Counter(label: "ticketblitz_holds_expired_total")

    init(holds: HoldExpirer, logger: Logger) {
        self.holds = holds
        self.logger = logger
    }

    func run() async throws {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do throws(RedisError) {
                let round = try await holds.expireDue()
                if failures > 0 { logger.notice("ending holds works again") }
                failures = 0
                expiries.increment(by: round.expired)
                await pause(min(round.rest ?? Self.longestRest, Self.longestRest))
            } catch {
                if error.code == .closed { return }
                failures += 1
                if failures == 1 {
                    logger.warning("holds cannot be ended; trying again", metadata: ["reason": "\(error)"])
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
