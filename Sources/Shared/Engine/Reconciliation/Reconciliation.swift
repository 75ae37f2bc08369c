import Domain
import Logging
import Metrics

/// What comparing an event's two accounts came to.
package struct Reconciliation: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        /// Both stores say the same.
        case consistent
        /// They differed, and do not any more.
        case repaired
        /// They differ; putting it right would put units back on sale that may have an owner on the way.
        case notSafeToRepair
        /// They could not be compared, for this reason.
        case notCompared(String)
    }

    package var event: EventID
    package var outcome: Outcome
    /// By how much Redis differed from what the ledger and the orders on their way say.
    package var drift = UnitCounts()
    /// Customers whose units differed.
    package var customers = 0
    /// Orders, held or with a good idempotency key, that lacked their record or their hold.
    package var records = 0
    /// Orders that were on their way to the ledger.
    package var inFlight = 0

    /// Whether the two accounts differed in anything.
    package var isDrift: Bool { drift != UnitCounts() || customers > 0 || records > 0 }

    /// Tells the log and the metrics of a difference, where there was one.
    package func log(to logger: Logger) {
        guard isDrift else { return }
        // A unit that is in the wrong place is missing in another.
        let units = [drift.available, drift.pending, drift.held, drift.sold].map(abs).max() ?? 0
        Counter(label: "ticketblitz_drift_units_total").increment(by: units)
        logger.warning(
            "Redis and the ledger differed",
            metadata: [
                "event": "\(event)", "drift": "\(drift)", "customers": "\(customers)", "records": "\(records)",
                "outcome": "\(outcome)",
            ])
    }
}
