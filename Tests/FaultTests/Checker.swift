@testable import Domain

/// What both stores hold when everything is at rest again.
struct FinalState {
    struct Row: Hashable {
        var event: String
        var quantity: Int
        var customer: String?
        var state: OrderState
    }

    struct Event: Hashable {
        var capacity: Int
        var ledgerHeld: Int
        var ledgerSold: Int
        /// What Redis says.
        var redis: UnitCounts
        /// The units of each customer, as Redis has them.
        var customers: [String: Int]
    }

    var rows: [OrderID: Row]
    var events: [String: Event]
    /// Orders whose entries were set aside.
    var deadLettered: [OrderID] = []
    /// What the keys of accepted orders were answered with when they were sent once more, by the first order of each key.
    var replays: [OrderID: Operation.Outcome] = [:]
}

/// Holds a history against the final state: the invariants I1 to I6, in the manner of Jepsen's checkers for queues (what
/// went in comes out once) and banks (the totals stay). No I/O.
struct Verdict: Hashable, CustomStringConvertible {
    /// Accepted orders that the ledger does not have (I2).
    var lost: [OrderID] = []
    /// Rows beyond what was asked for: nobody was told of them, and no request with an unknown outcome explains them, or
    /// one key has several (I2, I5, I6).
    var doubled: [OrderID] = []
    /// Events of which more is sold and held than there is (I1).
    var oversold: [String] = []
    /// Accepted orders that the ledger refused.
    var rejected: [OrderID] = []
    /// Orders that wait among the dead letters for an operator.
    var deadLettered: [OrderID] = []
    /// Orders whose final state is not the one that a client was told (I4).
    var changed: [OrderID] = []
    /// Accepted orders that the service has said it does not know.
    var unfound: [OrderID] = []
    /// Events whose accounts do not agree at rest (I3).
    var unbalanced: [String] = []
    /// Customers with more than the limit.
    var aboveLimit: [String] = []
    /// Customers whose count in Redis is not what their rows hold (I3).
    var miscounted: [String] = []
    /// Orders whose key, sent once more, did not lead to them (I5). Lost orders are not among them.
    var unreplayed: [OrderID] = []
    var accepted = 0
    var unknown = 0
    var refused = 0

    /// Whether every invariant holds; of rejected orders the caller decides.
    var holds: Bool {
        lost.isEmpty && doubled.isEmpty && oversold.isEmpty && deadLettered.isEmpty && changed.isEmpty
            && unfound.isEmpty
            && unbalanced.isEmpty && aboveLimit.isEmpty && miscounted.isEmpty && unreplayed.isEmpty
    }

    var description: String {
        """
        accepted \(accepted), refused \(refused), unknown \(unknown); lost \(lost.count), doubled \(doubled.count), \
        oversold \(oversold.count), rejected \(rejected.count), set aside \(deadLettered.count), \
        changed \(changed.count), not found \(unfound.count), unbalanced \(unbalanced), \
        above the limit \(aboveLimit), miscounted \(miscounted), not replayed \(unreplayed.count) \
        \((lost + doubled + changed + rejected + unreplayed).prefix(5).map(\.description))
        """
    }

    /// - Parameter customerLimit: what the events' terms say.
    init(_ history: [Operation], _ final: FinalState, customerLimit: [String: Int] = [:]) {
        let observations = ClientObservations(history)
        (accepted, unknown, refused) = (observations.accepted.count, observations.unknown, observations.refused)
        lost = observations.accepted.filter { final.rows[$0] == nil }
        rejected = observations.accepted.filter { final.rows[$0]?.state == .rejected }
        doubled = observations.severalOfOneKey + unexplained(observations, final)
        changed = final.rows.filter { !observations.allows($0.value.state, of: $0.key) }.map(\.key)
        unfound = observations.unfound
        deadLettered = final.deadLettered
        unreplayed = final.replays.filter { id, answer in
            if case .ok(id, _) = answer { false } else { final.rows[id] != nil }
        }.map(\.key)
        for (name, event) in final.events {
            let rows = final.rows.values.filter { $0.event == name }
            let sold = rows.filter { $0.state == .confirmed }.reduce(0) { $0 + $1.quantity }
            let held = rows.filter { $0.state == .held }.reduce(0) { $0 + $1.quantity }
            if sold + held > event.capacity || event.ledgerSold + event.ledgerHeld > event.capacity {
                oversold.append(name)
            }
            let redis = event.redis
            if redis.available + redis.held + redis.pending + redis.sold != event.capacity || redis.sold != sold
                || redis.held != held || event.ledgerSold != sold || event.ledgerHeld != held
            {
                unbalanced.append("\(name): rows \(sold) sold \(held) held, \(event)")
            }
            miscounted += Self.miscounted(event.customers, rows).map { "\(name)/\($0)" }
            guard let limit = customerLimit[name] else { continue }
            let units = Dictionary(
                rows.filter(\.state.holdsUnits).map { ($0.customer ?? "", $0.quantity) }, uniquingKeysWith: +)
            aboveLimit += units.filter { $0.value > limit }.map { "\(name)/\($0.key)" }
        }
    }

    /// Customers of an event whose count is not what their rows hold; rows without a customer do not count.
    private static func miscounted(_ counts: [String: Int], _ rows: [FinalState.Row]) -> [String] {
        var units: [String: Int] = [:]
        for row in rows where row.state == .held || row.state == .confirmed {
            if let customer = row.customer { units[customer, default: 0] += row.quantity }
        }
        return Set(units.keys).union(counts.keys).sorted()
            .filter { units[$0, default: 0] != counts[$0, default: 0] }
            .map { "\($0): \(counts[$0, default: 0]) instead of \(units[$0, default: 0])" }
    }

    /// Rows that nobody was told of, beyond those that a request with an unknown outcome accounts for.
    private func unexplained(_ observations: ClientObservations, _ final: FinalState) -> [OrderID] {
        var anonymous = observations.anonymous
        var keys = observations.openKeys
        var rows: [OrderID] = []
        for id in final.rows.keys where !observations.acceptedSet.contains(id) && !observations.named.contains(id) {
            if id.isMadeFromKey {
                // Once for each key.
                if keys.remove(id.low) == nil { rows.append(id) }
            } else if anonymous > 0 {
                anonymous -= 1
            } else {
                rows.append(id)
            }
        }
        return rows
    }
}
