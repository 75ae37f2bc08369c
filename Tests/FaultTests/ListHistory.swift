import NIOConcurrencyHelpers

@testable import Domain

/// A request on an order of an event with a waiting list, and its outcome.
struct ListRequest: Hashable, Sendable {
    enum Kind: Hashable, Sendable { case look, confirm, leave }

    enum Outcome: Hashable, Sendable {
        /// - Parameters:
        ///   - position: of the place on the list.
        ///   - expiresAt: the end of the offer, in milliseconds since 1970.
        case order(OrderState, position: Int? = nil, expiresAt: Int64? = nil)
        case refused(String)
        /// The request may have been executed.
        case unknown
    }

    var kind: Kind
    var order: OrderID
    var outcome: Outcome
    /// Milliseconds since 1970, before the request and after its response.
    var begun: Int64
    var ended: Int64
}

final class ListHistory: Sendable {
    private let box = NIOLockedValueBox<(requests: [ListRequest], answered: Int)>(([], 0))

    func add(_ request: ListRequest) {
        box.withLockedValue { content in
            content.requests.append(request)
            if case .order = request.outcome { content.answered += 1 }
        }
    }

    var requests: [ListRequest] { box.withLockedValue { $0.requests } }
    /// How many responses showed an order.
    var answered: Int { box.withLockedValue { $0.answered } }
}

/// What the checker of a waiting list knows beside the history.
struct ListState: Sendable {
    /// A row of the ledger.
    struct Row: Hashable, Sendable {
        var quantity: Int
        /// Whether the order is of a place on the list. The others are walk-ins.
        var isPlace: Bool
        var state: OrderState
        /// Milliseconds since 1970, by the Redis server's clock.
        var claimedAt: Int64
        /// The end of the hold or of the offer.
        var expiresAt: Int64?
    }

    var rows: [OrderID: Row]
    /// The length of an offer in milliseconds.
    var offer: Int64
    /// The units that are neither held nor sold.
    var available: Int
    /// When Redis lost all of its data, in milliseconds since 1970.
    var losses: [ClosedRange<Int64>] = []

    func hasLoss(_ interval: ClosedRange<Int64>) -> Bool { losses.contains { $0.overlaps(interval) } }

    /// When Redis may not have responded to everybody, in milliseconds since 1970.
    var outages: [ClosedRange<Int64>] = []

    /// Whether a response may show what the ledger had while Redis was ahead (docs/guarantees.md, "Limits of the guarantees").
    func mayBeBehind(_ request: ListRequest) -> Bool {
        request.kind == .look && outages.contains { $0.overlaps(request.begun...request.ended) }
    }

    /// Whether what happened at a time may have been lost.
    func isUncertain(_ time: Int64) -> Bool { hasLoss(time...(time + 3000)) }
}
