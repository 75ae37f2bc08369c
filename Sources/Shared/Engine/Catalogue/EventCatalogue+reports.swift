package import Domain
import Ledger

/// Reports on events.
extension EventCatalogue {
    /// The event's report: from Redis, or from the ledger while Redis does not have the event. Nil if neither has it.
    package func report(_ id: EventID) async throws -> EventReport? {
        if let report = try await inventory.event(id) { return report }
        return try await ledger.event(id).map(Self.report)
    }

    /// Reports in the order of the events' ids, those after `id` only.
    package func reports(after id: String, limit: Int) async throws -> [EventReport] {
        let events = try await ledger.events(after: id, limit: limit)
        // All at the same time: the connection pipelines them.
        return try await withThrowingTaskGroup(of: (Int, EventReport).self) { group in
            for (index, event) in events.enumerated() {
                group.addTask { (index, try await inventory.event(event.id) ?? Self.report(event)) }
            }
            var reports = events.map(Self.report)
            for try await (index, report) in group { reports[index] = report }
            return reports
        }
    }

    private static func report(_ event: LedgerEvent) -> EventReport {
        let available = event.terms.capacity - event.held - event.sold
        // Measured with this machine's clock, which is accurate enough for a report: no decision depends on it.
        let status = EventStatus(terms: event.terms, available: available, at: .now)
        // Nothing can be bought while Redis does not have the event, so an open event is reported as paused.
        return EventReport(
            id: event.id, terms: event.terms, available: available, held: event.held, pending: 0, sold: event.sold,
            status: status == .open ? .paused : status)
    }
}
