@testable import Domain
@testable import RedisSchema

/// The content of both stores at rest.
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
        /// The counters in Redis.
        var redis: UnitCounts
        /// The units of each customer in Redis.
        var customers: [String: Int]
    }

    var rows: [OrderID: Row]
    var events: [String: Event]
    /// Makes ids from keys as the service does.
    var ids: KeyedIDs
    /// Orders whose entries are dead-lettered.
    var deadLettered: [OrderID] = []
    /// The outcomes of repeated requests with the keys of accepted orders, by the first order of each key.
    var replays: [OrderID: Operation.Outcome] = [:]
}

/// Compares a history with the final state by the invariants I1 to I6, like Jepsen's checkers for queues (each element
/// that was added is read once) and banks (the totals are constant). It does no I/O.
struct Verdict: Hashable, CustomStringConvertible {
    /// Accepted orders that the ledger does not have (I2).
    var lost: [OrderID] = []
    /// Rows without a purchase: no response named them and no request with an unknown outcome explains them, or one key
    /// has several (I2, I5, I6).
    var doubled: [OrderID] = []
    /// Events with more sold and held units than their capacity (I1).
    var oversold: [String] = []
    /// Accepted orders that the ledger rejected.
    var rejected: [OrderID] = []
    /// Orders that are dead-lettered.
    var deadLettered: [OrderID] = []
    /// Orders whose final state contradicts a response (I4).
    var changed: [OrderID] = []
    /// Accepted orders that the service answered with order-not-found.
    var notFound: [OrderID] = []
    /// Events whose counters differ between the stores at rest (I3).
    var unbalanced: [String] = []
    /// Customers with more than the limit.
    var aboveLimit: [String] = []
    /// Customers whose count in Redis differs from the units of their rows (I3).
    var miscounted: [String] = []
    /// Orders whose key did not return them when it was sent again (I5). Lost orders are not included.
    var notReplayed: [OrderID] = []
    var accepted = 0
    var unknown = 0
    var refused = 0

    /// Whether every invariant holds. Rejected orders are not considered; the caller checks them.
    var holds: Bool {
        lost.isEmpty && doubled.isEmpty && oversold.isEmpty && deadLettered.isEmpty && changed.isEmpty
            && notFound.isEmpty
            && unbalanced.isEmpty && aboveLimit.isEmpty && miscounted.isEmpty && notReplayed.isEmpty
    }

    var description: String {
        """
        accepted \(accepted), refused \(refused), unknown \(unknown); lost \(lost.count), doubled \(doubled.count), \
        oversold \(oversold.count), rejected \(rejected.count), dead-lettered \(deadLettered.count), \
        changed \(changed.count), not found \(notFound.count), unbalanced \(unbalanced), \
        above the limit \(aboveLimit), miscounted \(miscounted), not replayed \(notReplayed.count) \
        \((lost + doubled + changed + rejected + notReplayed).prefix(5).map(\.description))
        """
    }

    /// - Parameter customerLimit: the limit for each customer, by event.
    init(_ history: [Operation], _ final: FinalState, customerLimit: [String: Int] = [:]) {
        let observations = ClientObservations(history, final.ids)
        (accepted, unknown, refused) = (observations.accepted.count, observations.unknown, observations.refused)
        lost = observations.accepted.filter { final.rows[$0] == nil }
        rejected = observations.accepted.filter { final.rows[$0]?.state == .rejected }
        doubled = observations.repeatedKeys + unexplained(observations, final)
        changed = final.rows.filter { !observations.allows($0.value.state, of: $0.key) }.map(\.key)
        notFound = observations.notFound
        deadLettered = final.deadLettered
        notReplayed = final.replays.filter { id, response in
            if case .ok(id, _) = response { false } else { final.rows[id] != nil }
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

    /// Customers of an event whose count differs from the units of their rows. Rows without a customer do not count.
    private static func miscounted(_ counts: [String: Int], _ rows: [FinalState.Row]) -> [String] {
        var units: [String: Int] = [:]
        for row in rows where row.state == .held || row.state == .confirmed {
            if let customer = row.customer { units[customer, default: 0] += row.quantity }
        }
        return Set(units.keys).union(counts.keys).sorted()
            .filter { units[$0, default: 0] != counts[$0, default: 0] }
            .map { "\($0): \(counts[$0, default: 0]) instead of \(units[$0, default: 0])" }
    }

    /// Rows that no response named and no request with an unknown outcome explains.
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
