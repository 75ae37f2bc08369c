@testable import Domain

/// Compares what the customers on a waiting list saw, and the ledger, with what docs/waiting-list.md promises. It does no I/O. What
/// holds for all orders is ``Verdict``'s.
struct ListVerdict: Hashable, CustomStringConvertible {
    /// Places with two offers.
    var twoOffers: [String] = []
    /// Places that were in an earlier state again.
    var wentBack: [String] = []
    /// Places whose position grew.
    var grew: [String] = []
    /// Offers that an earlier place should have had.
    var outOfOrder: [String] = []
    /// Purchases of units that a place could have had.
    var overtaken: [String] = []
    /// Final states that no request and no offer explains.
    var unexplained: [String] = []
    /// Offers that could not be confirmed before their end.
    var shortOffers: [String] = []
    /// Places that wait at the end, although as many units are available as they want.
    var unserved: [String] = []
    var places = 0
    var offers = 0
    var walkIns = 0

    var holds: Bool { violations.isEmpty }

    private var violations: [String] {
        [
            ("two offers", twoOffers), ("went back", wentBack), ("position grew", grew), ("out of order", outOfOrder),
            ("overtaken", overtaken), ("unexplained", unexplained), ("short offers", shortOffers),
            ("unserved", unserved),
        ].filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.count) \($0.1.prefix(3))" }
    }

    var description: String {
        "\(places) places, \(offers) offers, \(walkIns) walk-ins; "
            + (holds ? "no violation" : violations.joined(separator: ", "))
    }

    init(_ requests: [ListRequest], _ state: ListState) {
        let byOrder = Dictionary(grouping: requests, by: \.order)
        for (id, requests) in byOrder {
            checkSequence(id, requests.sorted { $0.ended < $1.ended }, state)
        }
        checkOrder(Self.waits(byOrder, state), state)
        checkEnds(byOrder, state)
    }

    // MARK: One place

    private static func step(_ state: OrderState) -> Int {
        switch state {
        case .waiting: 0
        case .pending, .held: 1
        case .confirmed: 2
        case .cancelled, .expired, .rejected: 3
        }
    }

    /// - Parameter requests: of one order, in the order of their responses.
    private mutating func checkSequence(_ id: OrderID, _ requests: [ListRequest], _ state: ListState) {
        var last: (state: OrderState, ended: Int64)?
        var offer: (end: Int64, ended: Int64)?
        var position: (number: Int, ended: Int64)?
        let isPlace = state.rows[id]?.isPlace ?? false
        for request in requests {
            if request.kind == .confirm, case .refused("order-state") = request.outcome {
                if let offer, !state.hasLoss(offer.ended...max(offer.ended, request.ended)) {
                    checkRefusal(id, request, offer.end, requests)
                }
            }
            guard case .order(let now, let number, let end) = request.outcome else { continue }
            if let last, last.ended < request.begun, Self.step(now) < Self.step(last.state),
                !state.hasLoss(last.ended...request.ended), !state.mayBeBehind(request)
            {
                wentBack.append("\(id) is \(now) after \(last.state)")
            }
            if Self.step(now) >= Self.step(last?.state ?? .waiting) { last = (now, request.ended) }
            if isPlace, now == .held, let end {
                if let offer, offer.end != end, !state.hasLoss(offer.ended...max(offer.ended, request.ended)) {
                    twoOffers.append("\(id) until \(offer.end) and until \(end)")
                }
                offer = (end, request.ended)
            }
            // After a loss, places of one millisecond can be in another order.
            guard let number, state.losses.isEmpty else { continue }
            if let position, position.ended < request.begun, number > position.number {
                grew.append("\(id) from \(position.number) to \(number)")
            }
            position = (number, request.ended)
        }
        if isPlace, let offer, let end = state.rows[id]?.expiresAt, offer.end != end,
            !state.hasLoss(offer.ended...Int64.max)
        {
            twoOffers.append("\(id) until \(offer.end), and until \(end) in the ledger")
        }
    }

    private mutating func checkRefusal(_ id: OrderID, _ refusal: ListRequest, _ end: Int64, _ requests: [ListRequest]) {
        guard refusal.ended < end else { return }
        // The customer has given it back, or has confirmed it already.
        let isExplained = requests.contains { request in
            guard request != refusal, request.begun <= refusal.ended else { return false }
            if case .refused = request.outcome { return false }
            return request.kind != .look
        }
        if !isExplained { shortOffers.append("\(id) could not be confirmed before \(end)") }
    }

    /// What the customer did, and what is left.
    private mutating func checkEnds(_ requests: [OrderID: [ListRequest]], _ state: ListState) {
        for (id, row) in state.rows where row.isPlace {
            places += 1
            if row.expiresAt != nil { offers += 1 }
            let own = requests[id] ?? []
            switch row.state {
            case .confirmed:
                if !own.contains(where: { $0.kind == .confirm && !$0.isRefused }) {
                    unexplained.append("\(id) is confirmed")
                }
                if row.expiresAt == nil { unexplained.append("\(id) is confirmed without an offer") }
            case .expired:
                guard let end = row.expiresAt else {
                    unexplained.append("\(id) has lapsed without an offer")
                    continue
                }
                if own.contains(where: { $0.isExpired && $0.ended < end && !state.hasLoss($0.ended...end) }) {
                    shortOffers.append("\(id) has lapsed before \(end)")
                }
            case .cancelled:
                if !own.contains(where: { $0.kind == .leave && !$0.isRefused }) {
                    unexplained.append("\(id) is cancelled")
                }
            case .waiting:
                if row.quantity <= state.available { unserved.append("\(id) wants \(row.quantity)") }
            case .pending, .held: unexplained.append("\(id) is \(row.state)")
            case .rejected: if state.losses.isEmpty { unexplained.append("\(id) is rejected") }
            }
        }
        walkIns = state.rows.values.count { !$0.isPlace }
    }
}

extension ListRequest {
    var isRefused: Bool { if case .refused = outcome { true } else { false } }
    fileprivate var isExpired: Bool { if case .order(.expired, _, _) = outcome { true } else { false } }
}
