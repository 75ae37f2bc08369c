package import Domain
package import Ledger
package import RedisSchema

/// Changes events in both stores: Postgres is authoritative, Redis receives a copy. The order of the steps keeps both
/// stores safe if the process ends between two of them.
///
/// Each step locks the event's row, so that changes of one event never overtake each other. A change that lets more be
/// sold reaches Postgres first; a change that lets less be sold reaches Redis first. From before the first step until
/// after the last one, the row notes that Redis may lack its present state, so that the next start publishes it if a
/// crash prevented a step.
///
/// Each change names its author, with whom the ledger writes its line of the audit trail in the same transaction.
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
    package func ensure(_ id: EventID, _ terms: EventTerms, by author: AuditAuthor) async throws {
        if try await ledger.insert(id, terms, by: author) { try await publish(id) }
    }
}
