package import Domain
package import Ledger
import PostgresClient
package import RedisSchema
import Timing

/// Changes events in both stores: Postgres is authoritative, Redis receives a copy. The order of the steps keeps both
/// stores safe if the process ends between two of them.
///
/// Each step locks the event's row, so that changes of one event never overtake each other. A change that lets more be
/// sold reaches Postgres first; a change that lets less be sold reaches Redis first. From before the first step until
/// after the last one, the row notes that Redis may lack its present state, so that the next start publishes it if a
/// crash prevented a step.
package struct EventCatalogue: Sendable {
    package let ledger: Ledger
    package let inventory: Inventory

    package var partitioning: Partitioning { inventory.partitioning }
    package var publisher: EventPublisher { EventPublisher(ledger: ledger, inventory: inventory) }

    package init(ledger: Ledger, inventory: Inventory) {
        self.ledger = ledger
        self.inventory = inventory
    }

    /// A change is about to reach Redis before the ledger, and the row does not note that yet.
    struct NotNoted: Error {}

    /// Creates the event if it does not exist; an existing event is not changed.
    package func ensure(_ id: EventID, _ terms: EventTerms) async throws {
        if try await ledger.insert(id, terms) { try await publish(id) }
    }

    /// Creates the event or changes it; returns whether it is new.
    ///
    /// A lower capacity waits until the ledger has the units that were released, for at most 5 seconds.
    package func put(_ id: EventID, _ change: EventChange) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            do {
                return try await putOnce(id, change)
            } catch CatalogueError.releasesInFlight where ContinuousClock.now < deadline {
                // The event's row is not locked meanwhile, so that the workers can write it.
                try await Task.sleep(for: .milliseconds(10))
            } catch CatalogueError.recovering where ContinuousClock.now < deadline {
                // Redis does not have the event: its sale may have ended before the last rebuild. It is backfilled
                // first.
                guard try await publish(id) != .needsBackfill else { throw CatalogueError.recovering }
                try await Task.sleep(for: .milliseconds(10))
            } catch is NotNoted {
                try await ledger.noteUnpublished(id)
            }
        }
    }

    private func putOnce(_ id: EventID, _ change: EventChange) async throws -> Bool {
        let isNew = try await undoingLowering(of: id) {
            if try await update(id, change) { return false }
            if try await ledger.insert(id, try change.applied(to: nil, of: id)) { return true }
            // Another request has created it since.
            guard try await update(id, change) else { throw CatalogueError.eventUnknown }
            return false
        }
        try await publishSaved(id)
        return isNew
    }

    /// Changes the event in the ledger, and before that in Redis if the capacity becomes lower. False if it does not
    /// exist.
    private func update(_ id: EventID, _ change: EventChange) async throws -> Bool {
        let updated: Void? = try await ledger.withLockedEvent(id) { event in
            let terms = try change.applied(to: event.terms, of: id)
            if terms.capacity < event.terms.capacity {
                guard event.isUnpublished else { throw NotNoted() }
                try await lower(event, to: terms.capacity)
            }
            try await event.update(terms)
        }
        return updated != nil
    }

    private func lower(_ event: borrowing LockedEvent, to capacity: Int) async throws {
        switch try await inventory.lower(event, to: capacity) {
        case .done: return
        case .notLoaded: if event.wasPublished { throw CatalogueError.recovering }
        case .releasesInFlight: throw CatalogueError.releasesInFlight
        case .inUse(let claimed): throw CatalogueError.capacityInUse(claimed: claimed)
        }
    }

    /// A lower capacity reaches Redis before the ledger. If the ledger then fails, this restores Redis.
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
