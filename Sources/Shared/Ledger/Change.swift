package import Domain
import PostgresClient

/// A row of the outbox: a change of an order or of an event that is committed.
package struct Change: Hashable, Sendable {
    package var position: ChangePosition
    /// A UUID: the id of the message, the same for each endpoint and each attempt.
    package var id: String
    package var type: ChangeType
    /// Empty for a test.
    package var event: String
    /// Nil for a change of an event; so are the version, the quantity and the time of the claim.
    package var order: OrderID?
    package var version: Int?
    package var customer: String?
    package var quantity: Int?
    package var reason: String?
    package var claimedAt: Timestamp?
    package var confirmedAt: Timestamp?
    package var expiresAt: Timestamp?
    /// A JSON object with more of a change of an event.
    package var details: String?
    package var at: Timestamp
}

/// The place of a change among all changes: the number of its transaction, and its own number.
package struct ChangePosition: Hashable, Sendable, Comparable {
    package var transaction: Int
    package var sequence: Int

    package init(transaction: Int, sequence: Int) {
        self.transaction = transaction
        self.sequence = sequence
    }

    /// Before the first change.
    package static let beginning = ChangePosition(transaction: 0, sequence: 0)

    package static func < (one: ChangePosition, other: ChangePosition) -> Bool {
        (one.transaction, one.sequence) < (other.transaction, other.sequence)
    }
}

extension ChangeType: PostgresTextEncodable, PostgresDecodable {}

/// What a reader of changes needs to know before it reads.
package struct ChangesState: Hashable, Sendable {
    /// Whether changes are written: an endpoint exists.
    package var areWritten: Bool
    /// Changes of transactions below this number are final: none will be added.
    package var below: Int
    /// The highest change that was removed; nil if none was.
    package var removed: ChangePosition?
    /// Identifies the server, its timeline and the time since a first endpoint. In another history, a position can mean another
    /// place.
    package var history: String
}
