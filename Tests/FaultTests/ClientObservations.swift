@testable import Domain
@testable import RedisSchema

/// What the clients observed, derived from their history.
struct ClientObservations {
    /// Accepted orders, each once.
    private(set) var accepted: [OrderID] = []
    private(set) var acceptedSet: Set<OrderID> = []
    /// Orders that responses with an unknown outcome named.
    private(set) var named: Set<OrderID> = []
    /// Purchases without a key and with an unknown outcome whose response named no order.
    private(set) var anonymous = 0
    /// The half of the order id that a key determines, for purchases with a key whose outcome is still unknown.
    private(set) var openKeys: Set<UInt64> = []
    /// Accepted orders whose key had returned another order before.
    private(set) var repeatedKeys: [OrderID] = []
    /// Accepted purchases with a key, by the first order that the key returned.
    private(set) var keyed: [OrderID: Operation.Kind] = [:]
    /// Orders that the service answered with order-not-found.
    private(set) var notFound: [OrderID] = []
    private(set) var unknown = 0
    private(set) var refused = 0
    /// The states in which an order was observed, oldest first.
    private var seen: [OrderID: [OrderState]] = [:]
    /// Orders with a cancellation request that was not refused.
    private var cancelled: Set<OrderID> = []
    private var confirmed: Set<OrderID> = []

    /// - Parameter ids: makes ids from keys as the service does.
    init(_ history: [Operation], _ ids: KeyedIDs) {
        var byKey: [UInt64: OrderID] = [:]
        for operation in history {
            switch operation.outcome {
            case .unknown: unknown += 1
            case .refused: refused += 1
            case .ok: break
            }
            if case .refused("order-not-found") = operation.outcome { notFound += operation.order.map { [$0] } ?? [] }
            switch (operation.kind, operation.outcome) {
            case (.buy(let event, _, let customer, let key), let outcome):
                let half = key.flatMap { Self.half(of: $0, of: customer, for: event, ids) }
                note(outcome, half: half, operation.kind, &byKey)
            case (.join(let event, _, let customer, let key), let outcome):
                // See Inventory.makePlace.
                let half = Self.half(of: "\u{1}place\u{1}\(key)", of: customer, for: event, ids)
                note(outcome, half: half, operation.kind, &byKey)
            case (.confirm(let id), let outcome):
                confirmed.insert(id)
                if case .ok(_, let state) = outcome { seen[id, default: []].append(state) }
            case (.cancel(let id), let outcome):
                if case .refused = outcome {} else { cancelled.insert(id) }
                if case .ok(_, let state) = outcome { seen[id, default: []].append(state) }
            case (.read(let id), .ok(_, let state)):
                seen[id, default: []].append(state)
            case (.read, _): break
            }
        }
    }

    /// - Parameter half: the half of the order's id that the key determines.
    private mutating func note(
        _ outcome: Operation.Outcome, half: UInt64?, _ kind: Operation.Kind, _ byKey: inout [UInt64: OrderID]
    ) {
        switch outcome {
        case .ok(let id, _):
            if acceptedSet.insert(id).inserted { accepted.append(id) }
            guard let half else { return }
            openKeys.remove(half)
            if let first = byKey[half], first != id { repeatedKeys.append(id) }
            if byKey[half] == nil { keyed[id] = kind }
            byKey[half] = id
        case .unknown(let id):
            if let half {
                if byKey[half] == nil { openKeys.insert(half) }
            } else if let id {
                named.insert(id)
            } else {
                anonymous += 1
            }
        case .refused: break
        }
    }

    /// The half of an order id that its key determines.
    static func half(of key: String, of customer: String, for name: String, _ ids: KeyedIDs) -> UInt64? {
        guard let event = EventID(name) else { return nil }
        let scope = IdempotencyScope(event: event, customer: customer, key: key)
        return ids.hashes(of: scope, at: .now).map {
            OrderID(at: Timestamp(milliseconds: 0), partition: 0, keyHash: $0.own).low
        }
    }

    /// Whether the observed states of an order allow this final state.
    func allows(_ state: OrderState, of id: OrderID) -> Bool {
        for before in seen[id] ?? [] {
            switch before {
            case .cancelled, .expired, .rejected: if state != before { return false }
            case .confirmed: if state != .confirmed, !(state == .cancelled && cancelled.contains(id)) { return false }
            case .waiting, .pending, .held: break
            }
        }
        return state != .cancelled || cancelled.contains(id)
    }
}
