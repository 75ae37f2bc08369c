package import Domain
package import Ledger
package import RedisClient
import RedisSchema

/// Reports on events.
extension EventCatalogue {
    /// The event's report: from Redis, or from the ledger while Redis does not have the event. Nil if neither has it.
    package func report(_ id: EventID) async throws -> EventReport? {
        if let report = try await inventory.event(id) { return report }
        return try await ledger.event(id).map(Self.report)
    }

    /// The ids of events in their order, those after `id` only.
    package func list(
        after id: String, limit: Int, _ selection: EventSelection = .notArchived
    ) async throws -> [EventID] {
        try await ledger.events(after: id, limit: limit, selection).map(\.id)
    }

    /// The ids of events whose sale has not ended, in their order.
    package func onSale(limit: Int) async throws -> [EventID] { try await ledger.eventsOnSale(limit: limit) }

    /// The reports of events, as ``report(_:)``. Each server of Redis is read by itself, at the same time as the others, in
    /// pipelines of 50 events, so that many events never keep a thread or a connection busy. The events that Redis does not
    /// have are then read from the ledger with one statement for each server.
    ///
    /// - Parameters:
    ///   - client: the connections to read Redis on.
    ///   - deliver: receives each event exactly once, as soon as it is known: a server that does not answer delays and fails
    ///     its own events only.
    package func reports(
        of ids: [EventID], through client: RedisClient,
        deliver: @escaping @Sendable ([EventID: Result<EventReport?, any Error>]) -> Void
    ) async {
        var nodes: [ObjectIdentifier: [EventID]] = [:]
        for id in ids {
            nodes[ObjectIdentifier(client.node(of: partitioning.home(of: id).slot)), default: []].append(id)
        }
        await withTaskGroup(of: Void.self) { tasks in
            for ids in nodes.values {
                tasks.addTask { await reports(ofOneNode: ids, through: client, deliver: deliver) }
            }
        }
    }

    private func reports(
        ofOneNode ids: [EventID], through client: RedisClient,
        deliver: @Sendable ([EventID: Result<EventReport?, any Error>]) -> Void
    ) async {
        var missing: [EventID] = []
        for start in stride(from: 0, to: ids.count, by: Self.sliceSize) {
            let slice = Array(ids[start..<min(start + Self.sliceSize, ids.count)])
            do throws(RedisError) {
                var found: [EventID: Result<EventReport?, any Error>] = [:]
                for (id, report) in zip(slice, try await inventory.events(slice, through: client)) {
                    if let report { found[id] = .success(report) } else { missing.append(id) }
                }
                deliver(found)
            } catch {
                deliver(Dictionary(uniqueKeysWithValues: slice.map { ($0, .failure(error)) }))
            }
        }
        guard !missing.isEmpty else { return }
        var found = Dictionary(
            uniqueKeysWithValues: missing.map { ($0, Result<EventReport?, any Error>.success(nil)) })
        do {
            for event in try await ledger.events(missing) { found[event.id] = .success(Self.report(event)) }
        } catch {
            for id in missing { found[id] = .failure(error) }
        }
        deliver(found)
    }

    private static let sliceSize = 50

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
