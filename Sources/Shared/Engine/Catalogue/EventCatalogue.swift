import Domain
import Ledger
import PostgresClient
import RedisSchema
import Timing

/// Events live in Postgres; Redis is filled from it. This is where both are changed, in an order that is safe wherever the
/// process dies in between.
///
/// The event's row is locked for every step, so that changes of one event never overtake each other. Whatever would let
/// more be sold reaches Postgres first, whatever would let less be sold reaches Redis first. The row says from before the
/// first step until after the last that Redis may not know it as it is; so a step that is missing after a crash is made up
/// by the next start.
package struct EventCatalogue: Sendable {
    package let ledger: Ledger
    package let inventory: Inventory

    package var partitioning: Partitioning { inventory.partitioning }

    package init(ledger: Ledger, inventory: Inventory) {
        self.ledger = ledger
        self.inventory = inventory
    }

    /// Creates the event or changes it; the answer is whether it is new.
    ///
    /// Lowering a capacity waits until the ledger has what was given back, for five seconds at most.
    package func put(_ id: EventID, _ change: EventChange) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            do {
                return try await putOnce(id, change)
            } catch CatalogueError.releasesInFlight where ContinuousClock.now < deadline {
                // Without the event's row locked, so that the workers can write it.
                try await Task.sleep(for: .milliseconds(10))
            } catch CatalogueError.recovering where ContinuousClock.now < deadline {
                // It is not in Redis, as one that is over may be since the last rebuild: it is filled in first.
                guard try await publish(id) != .needsBackfill else { throw CatalogueError.recovering }
                try await Task.sleep(for: .milliseconds(10))
            } catch is NotNoted {
                try await ledger.noteUnpublished(id)
            }
        }
    }

    /// Redis is to be told something before the ledger, and the ledger does not say yet that this is so.
    private struct NotNoted: Error {}

    private func putOnce(_ id: EventID, _ change: EventChange) async throws -> Bool {
        let created = try await undoingLowering(of: id) {
            try await ledger.pool.withTransaction { connection in
                let present = try await Ledger.lock(id, on: connection)
                let terms = try change.applied(to: present?.terms, of: id)
                if present == nil, try await Ledger.insert(id, terms, on: connection) { return true }
                // Another request may have made it between the two statements.
                var standing = present
                if standing == nil { standing = try await Ledger.lock(id, on: connection) }
                guard let standing else { throw CatalogueError.eventUnknown }
                guard standing.isUnpublished || terms.capacity >= standing.terms.capacity else { throw NotNoted() }
                try await lower(standing, to: terms.capacity)
                try await Ledger.update(id, terms, on: connection)
                return false
            }
        }
        try await publishSaved(id)
        return created
    }

    /// Makes the event new: a new generation with all its capacity, its orders gone, also those on their way.
    ///
    /// Claims are refused while it lasts, so none is accepted under the old generation once its orders are deleted.
    package func reset(_ id: EventID, capacity: Int?) async throws -> Int {
        try await ledger.noteUnpublished(id)
        do {
            let capacity = try await ledger.pool.withTransaction { connection in
                guard let event = try await Ledger.lock(id, on: connection) else { throw CatalogueError.eventUnknown }
                // Published by another since it was noted.
                guard event.isUnpublished else { throw NotNoted() }
                try await inventory.close(event)
                while try await inventory.dropHolds(of: id) {}
                let capacity = capacity ?? event.terms.capacity
                try await Ledger.renew(id, capacity: capacity, on: connection)
                return capacity
            }
            try await publishSaved(id)
            return capacity
        } catch is NotNoted {
            return try await reset(id, capacity: capacity)
        } catch let error where !(error is CatalogueError) {
            // The event may stand closed. If this fails too, the next claim that finds it closed publishes it.
            _ = try? await publish(id)
            throw error
        }
    }

    /// Makes the event where it does not exist; an event that exists stays as it is.
    package func ensure(_ id: EventID, _ terms: EventTerms) async throws {
        let inserted = try await ledger.pool.withTransaction { try await Ledger.insert(id, terms, on: $0) }
        if inserted { try await publish(id) }
    }

    /// An event's report: Redis's account, or the ledger's where Redis has no such event at the moment.
    package func report(_ id: EventID) async throws -> EventReport? {
        if let report = try await inventory.event(id) { return report }
        return try await ledger.event(id).map(Self.report)
    }

    /// Reports in the order of the events' ids, those after `id` only.
    package func reports(after id: String, limit: Int) async throws -> [EventReport] {
        let events = try await ledger.events(after: id, limit: limit)
        // All at once: the connection pipelines them.
        return try await withThrowingTaskGroup(of: (Int, EventReport).self) { group in
            for (place, event) in events.enumerated() {
                group.addTask { (place, try await inventory.event(event.id) ?? Self.report(event)) }
            }
            var reports = events.map(Self.report)
            for try await (place, report) in group { reports[place] = report }
            return reports
        }
    }

    private static func report(_ event: LedgerEvent) -> EventReport {
        let available = event.terms.capacity - event.held - event.sold
        // By this machine's clock: close enough for who looks; nothing is decided by it.
        let status = EventStatus(terms: event.terms, available: available, at: .now)
        // Nothing can be bought while Redis has no such event: what would be open is paused.
        return EventReport(
            id: event.id, terms: event.terms, available: available, held: event.held, pending: 0, sold: event.sold,
            status: status == .open ? .paused : status)
    }

    private func lower(_ event: LedgerEvent, to capacity: Int) async throws {
        guard capacity < event.terms.capacity else { return }
        switch try await inventory.lower(event, to: capacity) {
        case .done: return
        case .notLoaded: if event.wasPublished { throw CatalogueError.recovering }
        case .releasesInFlight: throw CatalogueError.releasesInFlight
        case .inUse(let claimed): throw CatalogueError.capacityInUse(claimed: claimed)
        }
    }

    /// Publishes what the ledger has committed; a failure is told from one that left everything as it was.
    private func publishSaved(_ id: EventID) async throws {
        do {
            guard try await publish(id) == .belowClaimed else { return }
        } catch let error where !(error is CatalogueError) {
            throw CatalogueError.notInEffectYet(reason: "\(error)")
        }
        throw CatalogueError.notInEffectYet(reason: "more is claimed than the ledger's capacity")
    }

    /// Lowering reaches Redis before the ledger: where the ledger then does not follow, Redis is put back.
    private func undoingLowering<Value: Sendable>(
        of id: EventID, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error where !(error is CatalogueError || error is NotNoted) {
            _ = try? await publish(id)
            if (error as? PostgresError)?.isCheckViolation == true { throw CatalogueError.capacityInUse(claimed: nil) }
            throw error
        }
    }
}
