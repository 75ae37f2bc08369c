import Engine
import Logging
import Metrics
import ServiceLifecycle

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

    func run() async {
        await repeatRounds(of: "expire holds", logger) {
            let round = try await holds.expireDue()
            expired.increment(by: round.expired)
            return min(round.rest ?? Self.longestSleep, Self.longestSleep)
        }
    }
}
