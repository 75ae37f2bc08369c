@testable import Domain
@testable import RedisSchema

/// What clients know, from their history.
struct Told {
    /// Orders that were accepted, each once.
    private(set) var accepted: [OrderID] = []
    private(set) var acceptedSet: Set<OrderID> = []
    /// Orders that requests with an unknown outcome were told they may have become.
    private(set) var named: Set<OrderID> = []
    /// Purchases without a key whose outcome is unknown and whose order nobody named.
    private(set) var anonymous = 0
    /// The half of the id that a key leads to, for those purchases with a key that nobody was told the end of.
    private(set) var openKeys: Set<UInt64> = []
    /// Orders that were accepted under a key that had led to another.
    private(set) var severalOfOneKey: [OrderID] = []
    /// Purchases with a key that were accepted, by the first order that the key has led to.
    private(set) var keyed: [OrderID: Operation.Kind] = [:]
    /// Orders that the service has said it does not know, though it accepted them.
    private(set) var unfound: [OrderID] = []
    private(set) var unknown = 0
    private(set) var refused = 0
    /// States that an order was seen in, or told to be in, in this order.
    private var seen: [OrderID: [OrderState]] = [:]
    /// Orders that were asked to be cancelled, whatever came of it.
    private var cancelled: Set<OrderID> = []
    private var confirmed: Set<OrderID> = []

    init(_ history: [Operation]) {
        var byKey: [UInt64: OrderID] = [:]
        for operation in history {
            switch operation.outcome {
            case .unknown: unknown += 1
            case .refused: refused += 1
            case .ok: break
            }
            if case .refused("order-not-found") = operation.outcome { unfound += operation.order.map { [$0] } ?? [] }
            switch (operation.kind, operation.outcome) {
            case (.buy(let event, _, let customer, let key), let outcome):
                let half = key.flatMap { key in EventID(event).map { Self.half(of: key, of: customer, for: $0) } }
                switch outcome {
                case .ok(let id, _):
                    if acceptedSet.insert(id).inserted { accepted.append(id) }
                    guard let half else { continue }
                    openKeys.remove(half)
                    if let first = byKey[half], first != id { severalOfOneKey.append(id) }
                    if byKey[half] == nil { keyed[id] = operation.kind }
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

    /// The half of an order's id that its key makes.
    static func half(of key: String, of customer: String, for event: EventID) -> UInt64 {
        let scope = IdempotencyScope(event: event, customer: customer, key: key)
        return OrderID(at: Timestamp(milliseconds: 0), partition: 0, keyHash: scope.hash).low
    }

    /// Whether an order may be in this state at the end, by all that was seen of it.
    func allows(_ state: OrderState, of id: OrderID) -> Bool {
        for before in seen[id] ?? [] {
            switch before {
            case .cancelled, .expired, .rejected: if state != before { return false }
            case .confirmed: if state != .confirmed, !(state == .cancelled && cancelled.contains(id)) { return false }
            case .pending, .held: break
            }
        }
        return state != .cancelled || cancelled.contains(id)
    }
}
