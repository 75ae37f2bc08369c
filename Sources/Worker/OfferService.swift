import Engine
import Logging
import Metrics
import ServiceLifecycle

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

    func run() async {
        await repeatRounds(of: "make offers", logger) {
            let round = try await offers.makeDue()
            offered.increment(by: round.offered)
            ended.increment(by: round.ended)
            return round.isIncomplete ? .zero : Self.interval
        }
    }
}
