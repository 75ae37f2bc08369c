import Domain
import Ledger
import RedisSchema

/// What Redis should say of an event, by the ledger and by what is on its way there. No I/O.
///
/// Redis runs ahead of the ledger by the snapshots that are queued, leased or set aside, and by nothing else. So the
/// ledger's counters, with each of these orders moved from where the ledger has it to where its latest snapshot does, are
/// Redis's; under whatever load, as long as all were read with the event's row locked and Redis's part in one moment.
package struct ExpectedCounts: Hashable {
    /// How Redis differs from what it should say.
    package let drift: UnitCounts
    /// The same for the units of customers, of those that differ.
    let customerDrift: [String: Int]
    /// Orders with snapshots that are on their way.
    package let inFlight: Int
    private let unreadable: Int

    /// - Parameters:
    ///   - rows: those orders of the survey that the ledger has.
    ///   - customers: units of the survey's customers by the ledger's rows.
    package init(
        _ event: LedgerEvent, rows: [OrderID: OrderVersion], customers: [String: Int] = [:], _ survey: EventSurvey
    ) {
        let latest = Ledger.latest(
            of: survey.snapshots.filter { $0.event == event.id && $0.generation == event.generation })
        var expected = UnitCounts(held: event.held, sold: event.sold)
        var expectedOf = customers
        for order in latest {
            let row = rows[order.id]
            // The ledger has a later snapshot already, and Redis none that is later still: this one was overtaken.
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

    /// By how much Redis's counters are to be moved. To take out of sale what is not there is always safe. To put
    /// something back on sale is so only where nothing is on its way that could turn out to be its owner.
    package var repair: UnitCounts {
        var repair = UnitCounts() - drift
        if repair.available > 0, inFlight > 0 || unreadable > 0 { repair.available = 0 }
        return repair
    }

    /// By how much customers' units are to be moved. An entry that cannot be read may be anybody's: then nobody's become
    /// fewer.
    var customerRepair: [String: Int] {
        customerDrift.mapValues { -$0 }.filter { $0.value > 0 || unreadable == 0 }
    }
}
