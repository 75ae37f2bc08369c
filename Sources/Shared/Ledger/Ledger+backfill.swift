import Domain
import PostgresClient

/// Reading what Redis has to know of events' orders after it was emptied.
extension Ledger {
    /// An event that has to be filled in, by its size.
    package struct BackfillEvent: Hashable, Sendable {
        package var id: EventID
        /// Units that are held or sold.
        package var units: Int
        /// When the ledger was last told something of the event; a page of events goes on after it.
        var changedAt: String
    }

    /// Of an event over which nothing can be asked any more: its sale is over, nothing of it is held, and no idempotency
    /// key of it is still good. It is filled in only if somebody asks for it.
    private static let isDormant = "closes_at < now() AND held = 0 AND updated_at < now() - interval '25 hours'"

    private static let toFill = PostgresStatement(
        name: "events_to_fill",
        sql: """
            SELECT id, held + sold, updated_at::text FROM events
            WHERE NOT coalesce(\(isDormant), false) AND ($1::text IS NULL OR (updated_at, id) < ($1::timestamptz, $2))
            ORDER BY updated_at DESC, id DESC LIMIT $3
            """)

    /// Events that have to be filled in, the most recently sold first: those that come after `last`.
    package func eventsToBackfill(after last: BackfillEvent?, limit: Int) async throws -> [BackfillEvent] {
        try await pool.execute(Self.toFill, [last?.changedAt, last?.id.description ?? "", String(limit)]).rows
            .compactMap {
                guard let id = EventID(try $0.text(0)) else { return nil }
                return BackfillEvent(id: id, units: try $0.integer(1), changedAt: try $0.text(2))
            }
    }

    /// The predicate of the index orders_to_fill, as the index has it.
    private static let isIndexed =
        "(customer IS NOT NULL OR expires_at IS NOT NULL OR get_byte(uuid_send(id), 8) & 32 <> 0)"
    /// By the id's bit that ``OrderID/isMadeFromKey`` reads.
    private static let needsRecord = """
        (status = 'held' OR get_byte(uuid_send(id), 8) & 32 <> 0 AND claimed_at > now() - interval '24 hours')
        """
    package static let holdsUnits = "status IN ('held', 'confirmed')"

    private static let rowColumns = """
        id, event_id, customer, CASE WHEN \(holdsUnits) THEN quantity ELSE 0 END,
        CASE WHEN \(needsRecord) THEN status END, quantity, version,
        CASE WHEN \(needsRecord) THEN \(milliseconds("claimed_at")) END,
        CASE WHEN \(needsRecord) THEN \(milliseconds("confirmed_at")) END,
        CASE WHEN \(needsRecord) THEN \(milliseconds("expires_at")) END,
        CASE WHEN \(needsRecord) THEN reason END
        """
    private static let isNeeded = "\(isIndexed) AND (\(needsRecord) OR customer IS NOT NULL AND \(holdsUnits))"

    /// Those of an event after an id. Said so, and not as `event_id = $1 AND id > $2`, the order is that of the index
    /// orders_to_fill and of no other: a generic plan would read the primary key, and all other events' orders with it.
    private static let isAfter = "(event_id, id) > ($1, $2::uuid) AND event_id <= $1"
    private static let pageOfOne = PostgresStatement(
        name: "fill_one",
        sql: "SELECT \(rowColumns) FROM orders WHERE \(isAfter) AND \(isNeeded) ORDER BY event_id, id LIMIT $3")
    private static let pageOfRecords = PostgresStatement(
        name: "fill_records",
        sql: """
            SELECT \(rowColumns) FROM orders
            WHERE \(isAfter) AND \(isIndexed) AND \(needsRecord) ORDER BY event_id, id LIMIT $3
            """)
    private static let pageOfMany = PostgresStatement(
        name: "fill_many",
        sql: """
            SELECT \(rowColumns) FROM orders
            WHERE event_id = ANY($1::text[]) AND \(isNeeded) ORDER BY event_id, id LIMIT $2
            """)

    /// An order to be filled in, and whose it is.
    package struct BackfillOrder: Hashable, Sendable {
        package var id: String
        package var event: String
        package var row: BackfillRow
    }

    private static let firstID = "00000000-0000-0000-0000-000000000000"

    /// Orders of an event in the order of their ids, those after `place` only; fewer than `limit` are the last.
    package func ordersToBackfill(of event: LedgerEvent, after place: String, limit: Int) async throws
        -> [BackfillOrder]
    {
        let from = place.isEmpty ? Self.firstID : place
        return try await pool.execute(Self.pageOfOne, [event.id.description, from, String(limit)]).rows.map {
            try Self.orderToFill($0, event.id, generation: event.generation)
        }
    }

    /// All orders of some events, event by event; nil if they are more than `limit`.
    package func ordersToBackfill(of events: [LedgerEvent], limit: Int) async throws -> [BackfillOrder]? {
        let byID = Dictionary(events.map { ($0.id.description, $0) }) { $1 }
        let rows = try await pool.execute(
            Self.pageOfMany, [PostgresArray.literal(Array(byID.keys)), String(limit + 1)]
        ).rows
        guard rows.count <= limit else { return nil }
        return try rows.compactMap { row in
            guard let event = byID[try row.text(1)] else { return nil }
            return try Self.orderToFill(row, event.id, generation: event.generation)
        }
    }

    /// Orders of an event that are held, or whose idempotency keys are still good, in the order of their ids, those after
    /// `last` only.
    package func recordedOrders(of event: LedgerEvent, after last: OrderID?, limit: Int) async throws -> [Order] {
        let from = last?.description ?? Self.firstID
        return try await pool.execute(Self.pageOfRecords, [event.id.description, from, String(limit)]).rows.compactMap {
            try Self.orderToFill($0, event.id, generation: event.generation).row.record
        }
    }

    private static func orderToFill(_ row: [String?], _ event: EventID, generation: Int) throws -> BackfillOrder {
        let id = try row.text(0)
        var result = BackfillOrder(
            id: id, event: event.description, row: BackfillRow(customer: row[2], units: try row.integer(3)))
        guard let status = row[4] else { return result }
        guard let orderID = OrderID(id), let state = OrderState(rawValue: status) else {
            throw PostgresError(.unexpectedResult, "an order has an id or status of another form")
        }
        func time(_ column: Int) throws -> Timestamp? {
            try row.integerIfPresent(column).map { Timestamp(milliseconds: Int64($0)) }
        }
        let version = try row.integer(6)
        result.row.record = Order(
            id: orderID, event: event, generation: generation, quantity: try row.integer(5), customer: row[2],
            state: state, version: version, ledgerVersion: version,
            claimedAt: try time(7) ?? Timestamp(milliseconds: 0),
            confirmedAt: try time(8), expiresAt: try time(9), reason: row[10])
        return result
    }
}
