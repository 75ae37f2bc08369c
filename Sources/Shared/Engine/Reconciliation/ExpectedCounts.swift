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
        var orders = InFlightOrders(
            of: event.id, generation: event.generation, customers: Array(survey.customers.keys))
        orders.add(survey.snapshots)
        orders.unreadable = survey.unreadable
        self.init(event, rows: rows, customers: customers, survey, orders)
    }

    /// - Parameters:
    ///   - rows: those of the orders that the ledger has.
    ///   - customers: units of the orders' customers in the ledger.
    ///   - survey: the counters; its snapshots are not read.
    ///   - orders: the orders in flight.
    init(
        _ event: LedgerEvent, rows: [OrderID: OrderVersion], customers: [String: Int], _ survey: EventSurvey,
        _ orders: InFlightOrders
    ) {
        var expected = UnitCounts(held: event.held, sold: event.sold)
        var expectedOf = customers
        for (id, snapshot) in orders.orders {
            let row = rows[id]
            // The ledger has a later version, and no later snapshot is in flight: a later one reached the ledger first.
            if let row, row.version > Int(snapshot.version) { continue }
            let quantity = Int(snapshot.quantity)
            expected.count(row?.state, -quantity)
            expected.count(snapshot.state, quantity)
            guard snapshot.customer >= 0 else { continue }
            let customer = orders.customers[Int(snapshot.customer)]
            if row?.state.holdsUnits == true { expectedOf[customer, default: 0] -= quantity }
            if snapshot.state.holdsUnits { expectedOf[customer, default: 0] += quantity }
        }
        customerDrift = survey.customers.reduce(into: [:]) { drift, found in
            let difference = found.value - (expectedOf[found.key] ?? 0)
            if difference != 0 { drift[found.key] = difference }
        }
        expected.available = survey.capacity - expected.pending - expected.held - expected.sold
        drift = survey.counts - expected
        inFlight = orders.count
        unreadable = orders.unreadable
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
