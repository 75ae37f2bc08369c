import Domain
package import Ledger
import NIOCore
import RedisClient
package import RedisSchema

/// Publishes events: brings Redis to the state that the ledger has, with the events' rows locked. Any number of
/// processes can do so at any time. An event that has to be backfilled first is not published; see ``Backfiller``.
package struct EventPublisher: Sendable {
    /// Events of one transaction and one pipeline.
    private static let pageSize = 1000

    package let ledger: Ledger
    package let inventory: Inventory

    package var partitioning: Partitioning { inventory.partitioning }

    package init(ledger: Ledger, inventory: Inventory) {
        self.ledger = ledger
        self.inventory = inventory
    }

    /// Publishes events in one transaction, in the order of their ids. The result leaves out events that do not exist.
    ///
    /// - Parameter backfilled: completed backfills. If the row of an event has changed since its backfill, the event
    ///   has to be backfilled again.
    func publish(
        _ ids: [EventID], backfilled: [EventID: BackfilledEvent] = [:]
    ) async throws -> [EventID: PublicationOutcome] {
        try await ledger.withLockedEvents(ids) { locked in
            let rooms = try await locked.rooms()
            var publications: [EventID: PublicationOutcome] = [:]
            var calls: [(EventID, EventLoopFuture<PublicationOutcome>)] = []
            var failure: (any Error)?
            locked.forEach { event in
                let done = backfilled[event.id]
                guard done == nil || done?.backfill.stamp == event.stamp else {
                    publications[event.id] = .needsBackfill
                    return
                }
                do { calls.append((event.id, try send(event, backfilled: done, room: rooms[event.id]))) } catch {
                    failure = error
                }
            }
            // Waits for all calls, also after a failure: none may be in flight when the rows are unlocked.
            for (id, call) in calls {
                do { publications[id] = try await call.get() } catch { failure = error }
            }
            if let failure { throw failure }
            let changed = locked.events.filter {
                publications[$0.id] == .published && ($0.isUnpublished || !$0.wasPublished)
            }
            if !changed.isEmpty { try await locked.markPublished(changed.map(\.id)) }
            return publications
        }
    }

    private func send(
        _ event: borrowing LockedEvent, backfilled: BackfilledEvent?, room: RoomMarks?
    ) throws -> EventLoopFuture<PublicationOutcome> {
        if event.terms.isArchived { return try inventory.remove(event).map { $0 ? .published : .superseded } }
        let publication = EventPublication(
            event, backfill: backfilled?.backfill, unrecorded: backfilled?.unrecorded ?? UnitCounts(),
            returning: backfilled?.returning ?? 0, room: room)
        return try inventory.partition(of: event.id).pipeline(PublishScript(publication))
    }

    /// Publishes all events whose present state Redis may lack, except those that it has never had and whose sale has
    /// ended: they are published on request. Returns whether Redis now has the present state of all of them. The cost
    /// does not depend on the number of other events.
    package func publishUnpublished() async throws -> Bool {
        try await publishPages { try await ledger.unpublishedEvents(after: $0, limit: Self.pageSize) }
    }

    /// Publishes the events of a partition of which Redis may have another state than the ledger, so that nothing is sold
    /// on the terms of an earlier state. Events that Redis has never had are left out: it sells nothing of them.
    func publishChanged(in keys: Keyspace) async throws {
        _ = try await publishPages(in: keys) { try await ledger.changedEvents(after: $0, limit: Self.pageSize) }
    }

    private func publishPages(
        in keys: Keyspace? = nil, _ nextPage: (String) async throws -> [EventID]
    ) async throws -> Bool {
        var isComplete = true
        var last = ""
        while true {
            let page = try await nextPage(last)
            let selected = page.filter { keys == nil || keys == partitioning.home(of: $0) }
            if !selected.isEmpty, try await publish(selected).values.contains(where: \.isIncomplete) {
                isComplete = false
            }
            guard let end = page.last else { return isComplete }
            last = end.description
        }
    }
}
