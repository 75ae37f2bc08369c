package import Domain
import Ledger
import PostgresClient
import RedisSchema

/// Creating and changing events.
extension EventCatalogue {
    /// How long a change waits for the ledger, or for a backfill.
    private static let patience = Duration.seconds(5)
    private static let retryInterval = Duration.milliseconds(10)

    /// Creates the event or changes it; returns whether it is new.
    ///
    /// A capacity can be lowered to the claimed units at any time, under any load. It is lowered in Redis at once. If the
    /// stock that is left is below the units whose return the ledger lacks, this waits until the ledger has the returns
    /// that were made before, for at most 5 seconds.
    ///
    /// An event can be archived if none of its units are held and nobody waits for them. Its sale ends at once; this waits until the ledger has its
    /// orders, for at most 5 seconds.
    ///
    /// - Parameter precondition: a condition on the event's present terms. If it does not hold, this throws
    ///   ``CatalogueError/preconditionFailed(_:)``.
    package func put(
        _ id: EventID, _ change: EventChange, if precondition: EventPrecondition = .none, by author: AuditAuthor
    ) async throws -> Bool {
        try await restoringAfterFailure(of: id) {
            try await patiently(id) { try await putOnce(id, change, precondition, author) }
        }
    }

    /// Repeats a change while it has to wait for the ledger.
    func patiently<Value: Sendable>(_ id: EventID, _ body: () async throws -> Value) async throws -> Value {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do {
                return try await body()
            } catch CatalogueError.releasesInFlight where ContinuousClock.now < deadline {
                // The event's row is not locked meanwhile, so that the workers can write it.
                try await Task.sleep(for: Self.retryInterval)
            } catch CatalogueError.ordersInFlight where ContinuousClock.now < deadline {
                try await Task.sleep(for: Self.retryInterval)
            } catch CatalogueError.recovering where ContinuousClock.now < deadline {
                // Redis does not have the event: its sale may have ended before the last rebuild. It is backfilled
                // first.
                guard try await publish(id) != .needsBackfill else { throw CatalogueError.recovering }
                try await Task.sleep(for: Self.retryInterval)
            } catch is NotNoted {
                try await ledger.noteUnpublished(id)
            }
        }
    }

    /// A change that lets less be sold reaches Redis before the ledger. If it fails after that, this publishes the event as
    /// the ledger has it, also if this task is cancelled.
    func restoringAfterFailure<Value: Sendable>(
        of id: EventID, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch {
            if (error as? CatalogueError)?.mayHaveReachedRedis ?? true {
                _ = try? await Task { try await publish(id) }.value
            }
            if (error as? PostgresError)?.isCheckViolation == true { throw CatalogueError.capacityInUse(claimed: nil) }
            throw error
        }
    }

    private func putOnce(
        _ id: EventID, _ change: EventChange, _ precondition: EventPrecondition, _ author: AuditAuthor
    ) async throws -> Bool {
        let isNew = try await write(id, change, precondition, author)
        try await publishSaved(id)
        return isNew
    }

    private func write(
        _ id: EventID, _ change: EventChange, _ precondition: EventPrecondition, _ author: AuditAuthor
    ) async throws -> Bool {
        if try await update(id, change, precondition, author) { return false }
        guard precondition.holds(for: nil) else { throw CatalogueError.preconditionFailed(nil) }
        if try await ledger.insert(id, try change.applied(to: nil, of: id), by: author) { return true }
        // Another request has created it since.
        guard try await update(id, change, precondition, author) else { throw CatalogueError.eventUnknown }
        return false
    }

    /// Changes the event in the ledger, and before that in Redis if less may be sold. False if it does not exist.
    private func update(
        _ id: EventID, _ change: EventChange, _ precondition: EventPrecondition, _ author: AuditAuthor
    ) async throws -> Bool {
        let updated: Void? = try await ledger.withLockedEvent(id) { event in
            guard precondition.holds(for: event.terms) else { throw CatalogueError.preconditionFailed(event.terms) }
            let terms = try change.applied(to: event.terms, of: id)
            if terms.isArchived, !event.terms.isArchived {
                try await withdraw(event)
            } else if terms.capacity < event.terms.capacity, !event.terms.isArchived {
                guard event.isUnpublished else { throw NotNoted() }
                try await lower(event, to: terms.capacity)
            }
            try await event.update(terms, by: author)
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
}

/// A condition on an event's terms, which is checked with the event's row locked.
package struct EventPrecondition: Sendable {
    /// Whether the change may be made, given the event's terms; nil if there is no such event.
    private let condition: @Sendable (EventTerms?) -> Bool

    package init(_ condition: @escaping @Sendable (EventTerms?) -> Bool) { self.condition = condition }

    func holds(for terms: EventTerms?) -> Bool { condition(terms) }

    package static let none = EventPrecondition { _ in true }
}

extension CatalogueError {
    /// Whether the change may have reached Redis, but not the ledger.
    fileprivate var mayHaveReachedRedis: Bool {
        switch self {
        case .releasesInFlight, .ordersInFlight, .unitsHeld, .placesTaken, .hasOrders, .capacityInUse: true
        case .eventUnknown, .invalid, .archived, .preconditionFailed, .recovering, .notInEffectYet: false
        }
    }
}
