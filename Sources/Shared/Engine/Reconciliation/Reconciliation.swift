package import Domain
package import Logging
import Metrics

/// The result of comparing an event in Redis with the ledger.
package struct Reconciliation: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        /// The stores agree.
        case consistent
        /// They differed; the difference was repaired.
        case repaired
        /// They differ; a repair could return units to sale that belong to an order in flight.
        case notSafeToRepair
        /// They could not be compared, for the given reason.
        case notCompared(String)
    }

    package var event: EventID
    package var outcome: Outcome
    /// Redis's counters minus those expected from the ledger and the orders in flight.
    package var drift = UnitCounts()
    /// Customers whose units differed.
    package var customers = 0
    /// Orders that are held or have an idempotency key that has not expired, and that lacked their record or their
    /// hold.
    package var records = 0
    /// Orders that were queued and not yet persisted.
    package var inFlight = 0

    /// Whether the stores differed in anything.
    package var isDrift: Bool { drift != UnitCounts() || customers > 0 || records > 0 }

    /// Logs a difference and adds it to the metrics, if there was one.
    package func log(to logger: Logger) {
        guard isDrift else { return }
        // A unit that one counter has too many is missing in another, so the counters are not added up.
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
