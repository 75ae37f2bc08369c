import TicketBlitzClient

/// What one person has had of a sale with a waiting list: a purchase, or a place. Times of the service are in milliseconds since
/// 1970, on the clock of its store; the others are in milliseconds since the beginning of the run. 0 is none.
struct Stay: Hashable, Sendable {
    /// What the order's state must be, as far as its person knows.
    enum Expectation: UInt8, Sendable {
        /// There is no order, or nothing is known of it.
        case nothing
        case waiting
        /// Offered, and the confirmation has an unknown outcome, or was not sent.
        case offered
        case sold
        case cancelled
        /// The offer has ended.
        case lapsed

        func explains(_ state: Order.State) -> Bool {
            switch self {
            case .nothing: true
            case .waiting: [.waiting, .held, .expired].contains(state)
            case .offered: [.held, .confirmed, .expired].contains(state)
            case .sold: [.pending, .confirmed].contains(state)
            case .cancelled: state == .cancelled
            case .lapsed: [.held, .expired].contains(state)
            }
        }
    }

    var quantity: Int
    var isPlace = false
    var expectation = Expectation.nothing
    /// When the request was first sent that led to the order, and when the answer arrived.
    var sentAt: UInt32 = 0
    var gotAt: UInt32 = 0
    /// When the request was sent that gave the order back.
    var endedAt: UInt32 = 0
    /// The last position that was seen; nil if there was none.
    var position: Int?
    /// Whether a later position was higher than an earlier one.
    var hasFallenBack = false
    /// What the order was at the end; nil if it was not seen.
    var state: Order.State?
    /// When the order was claimed.
    var claimedAt: Int64 = 0
    /// When the place got its offer.
    var offeredAt: Int64 = 0
}

/// The input of the judgement of a waiting list.
struct WaitlistEvidence: Sendable {
    var capacity: Int
    var offerSeconds: Int
    var stays: [Stay]
    /// A place that waited although what it wants was free, in words; nil if there was none.
    var forgotten: String?

    /// What the clock of the service's store showed at the beginning of the run, at least; nil if the clocks did not run alike, or
    /// nothing is known. Each order was claimed between its request and the answer.
    var beginning: Int64? {
        let seen = stays.filter { $0.claimedAt > 0 && $0.gotAt > 0 }
        guard let earliest = seen.map({ $0.claimedAt - Int64($0.gotAt) }).max(),
            let latest = seen.map({ $0.claimedAt - Int64($0.sentAt) }).min(), earliest <= latest + 100
        else { return nil }
        return earliest
    }
}
