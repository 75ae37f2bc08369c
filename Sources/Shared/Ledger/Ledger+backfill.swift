package import Domain
import PostgresClient

/// Reading what Redis lacks of events and orders after it was emptied.
extension Ledger {
    /// An event to be backfilled, and its size.
    package struct BackfillEvent: Hashable, Sendable {
        package var id: EventID
        /// Units that are held or sold.
        package var units: Int
        /// When the event's row last changed; the next list of events begins after it.
        var changedAt: String
    }

    /// Events to be backfilled, the most recently changed first: those that follow `last`. Dormant events are not among
    /// them: the sale has ended, nothing is held, and every idempotency key has expired.
    package func eventsToBackfill(after last: BackfillEvent?, limit: Int) async throws -> [BackfillEvent] {
        try await pool.query(Statements.backfillEvents, (after: last, limit: limit))
    }

    /// An order to be backfilled, and its event.
    package struct BackfillOrder: Hashable, Sendable {
        package var id: String
        package var event: String
        package var row: BackfillRow
    }

    private static let firstID = "00000000-0000-0000-0000-000000000000"

    /// Orders of an event in the order of their ids, those after `id` only; all if it is empty. Fewer than `limit` are
    /// the last ones.
    package func ordersToBackfill(of event: LedgerEvent, after id: String, limit: Int) async throws
        -> [BackfillOrder]
    {
        let after = id.isEmpty ? Self.firstID : id
        let rows = try await pool.query(
            Statements.backfillEventOrders, (event: event.id, after: after, limit: limit))
        return rows.map { $0.order(of: event.id, generation: event.generation) }
    }

    /// All orders of some events, event by event; nil if there are more than `limit`.
    package func ordersToBackfill(of events: [LedgerEvent], limit: Int) async throws -> [BackfillOrder]? {
        let byID = Dictionary(events.map { ($0.id.description, $0) }) { $1 }
        let rows = try await pool.query(
            Statements.backfillOrders, (events: events.map(\.id), limit: limit + 1))
        guard rows.count <= limit else { return nil }
        return rows.compactMap { row in
            byID[row.event].map { row.order(of: $0.id, generation: $0.generation) }
        }
    }

    /// Orders of an event that are held or whose idempotency keys have not expired, in the order of their ids, those
    /// after `last` only.
    package func recordedOrders(of event: LedgerEvent, after last: OrderID?, limit: Int) async throws -> [Order] {
        let after = last?.description ?? Self.firstID
        let rows = try await pool.query(Statements.backfillRecords, (event: event.id, after: after, limit: limit))
        return rows.compactMap { $0.order(of: event.id, generation: event.generation).row.record }
    }
}
