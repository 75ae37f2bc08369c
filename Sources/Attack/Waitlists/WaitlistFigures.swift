import TicketBlitzClient

/// The figures of a run with a waiting list, as the JSON report has them.
struct WaitlistFigures: Encodable, Hashable, Sendable {
    var people, bought, places, offers, accepted_offers, lapsed_offers, left, cancelled, requests: Int
    /// Purchases after the first place was taken.
    var bought_beside_the_list: Int
    /// The time from taking a place to its offer.
    var waited_seconds: Percentiles?

    init(_ evidence: WaitlistEvidence, requests: Int) {
        let stays = evidence.stays
        let (purchases, waited) = (stays.filter { !$0.isPlace && $0.claimedAt > 0 }, stays.filter(\.isPlace))
        people = stays.count
        bought = purchases.count
        places = waited.count
        offers = waited.count { $0.offeredAt > 0 }
        accepted_offers = waited.count { $0.offeredAt > 0 && $0.expectation == .sold }
        lapsed_offers = waited.count { $0.offeredAt > 0 && $0.state == .expired }
        left = waited.count { $0.offeredAt == 0 && $0.expectation == .cancelled }
        cancelled = stays.count { $0.expectation == .cancelled } - left
        self.requests = requests
        let first = waited.map(\.claimedAt).filter { $0 > 0 }.min() ?? .max
        bought_beside_the_list = purchases.count { $0.claimedAt > first }
        waited_seconds = Percentiles(
            waited.filter { $0.offeredAt > 0 && $0.claimedAt > 0 }.map { Double($0.offeredAt - $0.claimedAt) / 1000 })
    }

    /// The lines of the report, before those of all orders.
    var lines: [(String, String)] {
        [
            ("people", "\(people), of whom \(bought) bought, \(bought_beside_the_list) of them beside the list"),
            ("places", "\(places), of which \(left) were given back without an offer"),
            ("offers", "\(offers), of which \(accepted_offers) were accepted and \(lapsed_offers) lapsed"),
            ("waited, s", waited_seconds?.text ?? "-"),
            ("cancelled", "\(cancelled)"),
            ("requests", "\(requests)"),
        ]
    }
}
