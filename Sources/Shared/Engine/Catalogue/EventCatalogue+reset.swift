package import Domain
import Ledger

/// Resetting an event.
extension EventCatalogue {
    /// Begins a new generation of the event: all its capacity is available, and its orders are deleted, also those that
    /// are queued and not yet persisted. Returns the capacity. Claims are refused during the reset, so none is accepted
    /// under the old generation after its orders are deleted.
    ///
    /// - Parameter capacity: nil keeps the present one.
    package func reset(_ id: EventID, capacity: Int?, by author: AuditAuthor) async throws -> Int {
        try await ledger.noteUnpublished(id)
        do {
            let capacity = try await ledger.withLockedEvent(id) { event in
                guard !event.terms.isArchived else { throw CatalogueError.archived }
                // Another process has published it since it was noted.
                guard event.isUnpublished else { throw NotNoted() }
                try await inventory.close(event)
                while try await inventory.discardHolds(of: id) {}
                let capacity = capacity ?? event.terms.capacity
                try await event.renew(capacity: capacity, by: author)
                return capacity
            }
            guard let capacity else { throw CatalogueError.eventUnknown }
            try await publishSaved(id)
            return capacity
        } catch is NotNoted {
            return try await reset(id, capacity: capacity, by: author)
        } catch let error where !(error is CatalogueError) {
            // The event may be closed in Redis. If this fails too, the next claim that finds it closed publishes it.
            _ = try? await publish(id)
            throw error
        }
    }
}
