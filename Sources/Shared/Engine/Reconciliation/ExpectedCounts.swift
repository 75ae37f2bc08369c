package import Domain
package import Ledger
package import RedisSchema

/// The counters that Redis should have of an event, derived from the ledger and from the snapshots in flight. No I/O.
///
/// Redis is ahead of the ledger by the snapshots that are queued, leased or dead-lettered, and by nothing else. So
/// Redis's counters are the ledger's, with the units of each of these orders moved from the order's state in the ledger
/// to the state in its latest snapshot. This holds under any load, provided that the ledger was read with the event's
/// row locked, and Redis in one script call under the same lock.
package struct ExpectedCounts: Hashable {
    /// Redis's counters minus the expected ones.
    package let drift: UnitCounts
    /// The same for the units of customers; only customers that differ.
    let customerDrift: [String: Int]
    /// Orders with snapshots in flight.
    package let inFlight: Int
    private let unreadable: Int

    /// - Parameters:
    ///   - rows: the survey's orders in the ledger.
    ///   - customers: units of the survey's customers in the ledger.
    package init(
        _ event: LedgerEvent, rows: [OrderID: OrderVersion], customers: [String: Int] = [:], _ survey: EventSurvey
    ) {
        let latest = Ledger.latest(
            of: survey.snapshots.filter { $0.event == event.id && $0.generation == event.generation })
        var expected = UnitCounts(held: event.held, sold: event.sold)
        var expectedOf = customers
        for order in latest {
            let row = rows[order.id]
            // The ledger has a later version, and no later snapshot is in flight: a later one reached the ledger first.
            if let row, row.version > order.version { continue }
            expected.count(row?.state, -order.quantity)
            expected.count(order.state, order.quantity)
            guard let customer = order.customer else { continue }
            if row?.state.holdsUnits == true { expectedOf[customer, default: 0] -= order.quantity }
            if order.state.holdsUnits { expectedOf[customer, default: 0] += order.quantity }
        }
        customerDrift = survey.customers.reduce(into: [:]) { drift, found in
            let difference = found.value - (expectedOf[found.key] ?? 0)
            if difference != 0 { drift[found.key] = difference }
        }
        expected.available = survey.capacity - expected.pending - expected.held - expected.sold
        drift = survey.counts - expected
        inFlight = latest.count
        unreadable = survey.unreadable
    }

    /// The change that repairs Redis's counters. Removing units from sale that do not exist is always safe. Returning
    /// units to sale is safe only if no order in flight can own them.
    package var repair: UnitCounts {
        var repair = UnitCounts() - drift
        if repair.available > 0, inFlight > 0 || unreadable > 0 { repair.available = 0 }
        return repair
    }

    /// The changes that repair customers' units. An entry that cannot be decoded may belong to any customer, so no
    /// customer's units are reduced while there is one.
    var customerRepair: [String: Int] {
        customerDrift.mapValues { -$0 }.filter { $0.value > 0 || unreadable == 0 }
    }
}
