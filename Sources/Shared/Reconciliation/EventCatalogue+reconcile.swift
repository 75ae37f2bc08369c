import Logging
import Metrics

/// What comparing an event's two accounts came to.
public struct Reconciliation: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// Both stores say the same.
        case consistent
        /// They differed, and do not any more.
        case repaired
        /// They differ; putting it right would put units back on sale that may have an owner on the way.
        case notSafeToRepair
        /// They could not be compared, for this reason.
        case notCompared(String)
    }

    public var event: EventID
    public var outcome: Outcome
    /// By how much Redis differed from what the ledger and the orders on their way say.
    public var drift = UnitCounts()
    /// Orders that were on their way to the ledger.
    public var underWay = 0

    /// Tells the log and the metrics of a difference, where there was one.
    public func log(to logger: Logger) {
        guard drift != UnitCounts() else { return }
        // A unit that is in the wrong place is missing in another.
        let units = [drift.available, drift.pending, drift.held, drift.sold].map(abs).max() ?? 0
        Counter(label: "ticketblitz_drift_units_total").increment(by: units)
        logger.warning(
            "Redis and the ledger differed",
            metadata: ["event": "\(event)", "drift": "\(drift)", "outcome": "\(outcome)"])
    }
}

extension EventCatalogue {
    /// Compares what both stores say of an event, at any time and under any load, and repairs what is safe to repair: see
    /// ``Books``. Orders of the event reach the ledger a moment later, since its row is locked meanwhile.
    public func reconcile(_ id: EventID) async throws -> Reconciliation {
        try await ledger.pool.withTransaction { connection in
            guard let event = try await Ledger.lock(id, on: connection) else { throw CatalogueError.eventUnknown }
            let survey: Books.Survey
            switch try await inventory.survey(event) {
            case .found(let found): survey = found
            case .tooMany(let count):
                return Reconciliation(
                    event: id, outcome: .notCompared("\(count) orders are on their way, too many to look through"))
            case .notHere:
                return Reconciliation(event: id, outcome: .notCompared("it is not on sale in Redis"))
            }
            guard survey.capacity == event.terms.capacity else {
                return Reconciliation(event: id, outcome: .notCompared("a change of its capacity is under way"))
            }
            let rows = try await Ledger.versions(of: survey.snapshots.map(\.id), on: connection)
            let books = Books(event, rows: rows, survey)
            var result = Reconciliation(event: id, outcome: .consistent, drift: books.drift, underWay: books.underWay)
            guard books.drift != UnitCounts() else { return result }
            let repair = books.repair
            if repair != UnitCounts() { _ = try await inventory.adjust(event, by: repair) }
            result.outcome = repair == UnitCounts() - books.drift ? .repaired : .notSafeToRepair
            return result
        }
    }

    /// The same for a page of events, in the order of their ids, those after `id` only.
    public func reconcileAll(after id: String, limit: Int) async throws -> [Reconciliation] {
        var results: [Reconciliation] = []
        for event in try await ledger.events(after: id, limit: limit) { results.append(try await reconcile(event.id)) }
        return results
    }
}
