package import Domain
import PostgresClient

/// An event with orders that were settled under a lease of an earlier epoch.
package struct LateEvent: Hashable, Sendable {
    package var event: EventID
    /// The number of such settlements.
    package var noted: Int
}

/// A worker can settle a batch after its partition was recovered without the batch. Then Redis lacks orders of the ledger, and
/// could sell their units again. The settlement notes that in its own transaction, so that it is known even if the worker
/// ends in that moment.
extension Ledger {
    /// At most 100 events of a partition that have to be compared for this reason.
    package func lateEvents(inPartition partition: Int) async throws -> [LateEvent] {
        try await pool.query(Statements.lateEvents, partition)
    }

    /// Forgets that an event is late, unless another settlement was noted since.
    package func forget(_ late: LateEvent, inPartition partition: Int) async throws {
        try await pool.execute(Statements.lateEventsForget, (partition: partition, late: late))
    }
}
