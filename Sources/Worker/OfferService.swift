import Engine
import Logging
import Metrics
import RedisClient
import ServiceLifecycle
import Timing

/// Offers units to the places on the waiting lists of one partition as soon as units are free, and ends the places when a sale
/// ends. Any number of workers can run this service at the same time: each unit is offered once.
struct OfferService: Service {
    let offers: OfferMaker
    let logger: Logger

    /// The longest time for which a unit that comes back is neither for sale nor offered.
    private static let interval = Duration.milliseconds(250)
    private let offered = Counter(label: "ticketblitz_offers_total")
    private let ended = Counter(label: "ticketblitz_places_ended_total")

    init(offers: OfferMaker, logger: Logger) {
        self.offers = offers
        self.logger = logger
    }

    func run() async throws {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do throws(RedisError) {
                let round = try await offers.makeDue()
                if failures > 0 { logger.notice("making offers works again") }
                failures = 0
                offered.increment(by: round.offered)
                ended.increment(by: round.ended)
                await pause(round.isIncomplete ? .zero : Self.interval)
            } catch {
                // Connections to a node that has left the cluster are closed too.
                if error.code == .closed, Task.isShuttingDownGracefully || Task.isCancelled { return }
                failures += 1
                if failures == 1 {
                    logger.warning("cannot make offers; retrying", metadata: ["reason": "\(error)"])
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
