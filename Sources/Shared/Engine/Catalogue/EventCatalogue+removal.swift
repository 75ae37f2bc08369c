package import Domain
import Ledger
import NIOCore

/// Archiving and deleting events: both end the sale in Redis first, and need that no order of the event is in flight.
extension EventCatalogue {
    /// Deletes an event without orders. Its sale ends at once; orders in flight reach the ledger first.
    ///
    /// Throws ``CatalogueError/hasOrders`` if the ledger has an order of the event in any state, and
    /// ``CatalogueError/ordersInFlight`` if the ledger does not take those in flight within 5 seconds; then the event sells
    /// again.
    package func delete(
        _ id: EventID, if precondition: EventPrecondition = .none, by author: AuditAuthor
    ) async throws {
        try await restoringAfterFailure(of: id) {
            try await patiently(id) {
                let deleted: Void? = try await ledger.withLockedEvent(id) { event in
                    guard precondition.holds(for: event.terms) else {
                        throw CatalogueError.preconditionFailed(event.terms)
                    }
                    guard event.held + event.sold == 0 else { throw CatalogueError.hasOrders }
                    try await close(event)
                    guard try await !event.hasOrders() else { throw CatalogueError.hasOrders }
                    try await event.delete(by: author)
                    guard try await inventory.remove(event).get() else { throw NotNoted() }
                }
                if deleted == nil { throw CatalogueError.eventUnknown }
            }
        }
    }

    /// Ends the sale of an event before it is archived.
    func withdraw(_ event: borrowing LockedEvent) async throws {
        guard event.held == 0 else { throw CatalogueError.unitsHeld(event.held) }
        let places = try await inventory.places(of: event.id)
        guard places == 0 else { throw CatalogueError.placesTaken(places) }
        try await close(event)
    }

    /// Closes an event in Redis. Throws ``CatalogueError/ordersInFlight`` if the ledger lacks orders of it: it cannot take
    /// them while the event's row is locked.
    private func close(_ event: borrowing LockedEvent) async throws {
        guard event.isUnpublished else { throw NotNoted() }
        try await inventory.close(event)
        if try await inventory.hasSnapshotsInFlight(event) { throw CatalogueError.ordersInFlight }
    }
}
