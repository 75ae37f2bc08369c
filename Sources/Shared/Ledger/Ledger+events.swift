import Domain
import PostgresClient
import Timing

/// An event as the ledger holds it.
package struct LedgerEvent: Hashable, Sendable {
    package var id: EventID
    package var terms: EventTerms
    package var held: Int
    package var sold: Int
    package var generation: Int
    package var publishedGeneration: Int
    /// Of what Redis is told about the event while its row is locked; the higher one is the later one. 0: not locked.
    package var revision = 0
    /// Whether Redis may not have been told what stands here.
    package var isUnpublished = false
    /// Tells one state of the row from another: it changes with every order that reaches the ledger.
    package var stamp = ""

    /// Whether Redis was told of this generation, so that orders of it can exist.
    package var wasPublished: Bool { publishedGeneration >= generation }
}

extension Ledger {
    private static let columns = """
        id, name, capacity, max_quantity, \(milliseconds("opens_at")), \(milliseconds("closes_at")), paused,
        held, sold, generation, published_generation, per_customer_limit, hold_seconds, unpublished,
        events.xmin::text || ':' || (extract(epoch FROM updated_at) * 1000000)::bigint
        """
    private static let eventFind = PostgresStatement(
        name: "event_find", sql: "SELECT \(columns) FROM events WHERE id = $1")
    private static let eventsFind = PostgresStatement(
        name: "events_find", sql: "SELECT \(columns) FROM events WHERE id = ANY($1::text[])")
    private static let eventsLock = PostgresStatement(
        name: "events_lock", sql: "SELECT \(columns) FROM events WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE")
    private static let unpublishedList = PostgresStatement(
        name: "events_unpublished", sql: "SELECT id FROM events WHERE unpublished AND id > $1 ORDER BY id LIMIT $2")
    private static let eventList = PostgresStatement(
        name: "event_list", sql: "SELECT \(columns) FROM events WHERE id > $1 ORDER BY id LIMIT $2")
    private static let eventInsert = PostgresStatement(
        name: "event_insert",
        sql: """
            INSERT INTO events (id, name, capacity, max_quantity, opens_at, closes_at, paused, per_customer_limit,
                hold_seconds)
            VALUES ($1, $2, $3, $4, \(timestamp("$5")), \(timestamp("$6")), $7, $8, $9) ON CONFLICT (id) DO NOTHING
            """)
    private static let eventUpdate = PostgresStatement(
        name: "event_update",
        sql: """
            UPDATE events SET name = $2, capacity = $3, max_quantity = $4, opens_at = \(timestamp("$5")),
                closes_at = \(timestamp("$6")), paused = $7, per_customer_limit = $8, hold_seconds = $9,
                unpublished = true, updated_at = now()
            WHERE id = $1
            """)
    private static let eventsPublished = PostgresStatement(
        name: "events_published",
        sql: """
            UPDATE events SET published_generation = generation, unpublished = false
            WHERE id = ANY($1::text[]) AND (unpublished OR published_generation < generation)
            """)
    private static let eventUnpublished = PostgresStatement(
        name: "event_unpublished", sql: "UPDATE events SET unpublished = true WHERE id = $1 AND NOT unpublished")
    private static let eventRenew = PostgresStatement(
        name: "event_renew",
        sql: """
            UPDATE events SET generation = generation + 1, capacity = $2, held = 0, sold = 0, unpublished = true,
                updated_at = now()
            WHERE id = $1
            """)
    private static let ordersDelete = PostgresStatement(
        name: "orders_delete", sql: "DELETE FROM orders WHERE event_id = $1")

    package func event(_ id: EventID) async throws -> LedgerEvent? {
        try await pool.execute(Self.eventFind, [id.description]).rows.first.map(Self.event)
    }

    /// Events in the order of their ids, those after `id` only.
    package func events(after id: String, limit: Int) async throws -> [LedgerEvent] {
        try await pool.execute(Self.eventList, [id, String(limit)]).rows.map(Self.event)
    }

    private static let nextRevisions = PostgresStatement(
        name: "next_revisions", sql: "SELECT nextval('publications') FROM generate_series(1, $1::int)")

    /// Events by their ids; those that there are not are left out.
    package func events(_ ids: [EventID]) async throws -> [LedgerEvent] {
        try await pool.execute(Self.eventsFind, [PostgresArray.literal(ids.map(\.description))]).rows.map(Self.event)
    }

    /// Locks the event's row until the transaction ends.
    package static func lock(_ id: EventID, on connection: PostgresConnection) async throws -> LedgerEvent? {
        try await lock([id], on: connection).first
    }

    /// Locks the events' rows in the order of their ids until the transaction ends.
    package static func lock(_ ids: [EventID], on connection: PostgresConnection) async throws -> [LedgerEvent] {
        var events = try await connection.execute(
            eventsLock, [PostgresArray.literal(ids.map(\.description))]
        ).rows.map(event)
        guard !events.isEmpty else { return [] }
        // Only now that the rows are locked are numbers drawn in the order of the locks.
        let revisions = try await connection.execute(nextRevisions, [String(events.count)]).rows
        for (place, row) in zip(events.indices, revisions) { events[place].revision = try row.integer(0) }
        return events
    }

    /// Ids of events that Redis may not have been told of as they are, in their order, those after `id` only.
    package func unpublishedEvents(after id: String, limit: Int) async throws -> [EventID] {
        try await pool.execute(Self.unpublishedList, [id, String(limit)]).rows.compactMap { EventID(try $0.text(0)) }
    }

    /// Notes that Redis is about to be told something that the ledger does not say yet: should the process die in between,
    /// the next start publishes the event.
    package func noteUnpublished(_ id: EventID) async throws {
        _ = try await pool.execute(Self.eventUnpublished, [id.description])
    }

    /// Makes the event where there is none; false where there is.
    package static func insert(_ id: EventID, _ terms: EventTerms, on connection: PostgresConnection) async throws
        -> Bool
    {
        try await connection.execute(eventInsert, parameters(id, terms)).affected == 1
    }

    package static func update(_ id: EventID, _ terms: EventTerms, on connection: PostgresConnection) async throws {
        _ = try await connection.execute(eventUpdate, parameters(id, terms))
    }

    package static func markPublished(_ ids: [EventID], on connection: PostgresConnection) async throws {
        _ = try await connection.execute(eventsPublished, [PostgresArray.literal(ids.map(\.description))])
    }

    /// Begins a new generation: the counters are zero and the orders are gone. Deleting many takes its time.
    package static func renew(_ id: EventID, capacity: Int, on connection: PostgresConnection) async throws {
        _ = try await connection.execute(eventRenew, [id.description, String(capacity)])
        try await connection.execute(script: "SET LOCAL statement_timeout = '60s'")
        _ = try await connection.execute(ordersDelete, [id.description], timeout: .seconds(61))
    }

    private static func parameters(_ id: EventID, _ terms: EventTerms) -> [String?] {
        [
            id.description, terms.name, String(terms.capacity), String(terms.maxQuantity),
            terms.opensAt.map { String($0.milliseconds) }, terms.closesAt.map { String($0.milliseconds) },
            terms.paused ? "true" : "false", terms.customerLimit.map { String($0) },
            terms.holdSeconds.map { String($0) },
        ]
    }

    private static func event(_ row: [String?]) throws -> LedgerEvent {
        guard let id = EventID(try row.text(0)) else {
            throw PostgresError(.unexpectedResult, "an event's id is of another form")
        }
        let terms = EventTerms(
            name: try row.text(1), capacity: try row.integer(2), maxQuantity: try row.integer(3),
            customerLimit: try row.integerIfPresent(11), holdSeconds: try row.integerIfPresent(12),
            opensAt: try row.integerIfPresent(4).map { Timestamp(milliseconds: Int64($0)) },
            closesAt: try row.integerIfPresent(5).map { Timestamp(milliseconds: Int64($0)) },
            paused: try row.text(6) == "t")
        return LedgerEvent(
            id: id, terms: terms, held: try row.integer(7), sold: try row.integer(8), generation: try row.integer(9),
            publishedGeneration: try row.integer(10), isUnpublished: try row.text(13) == "t", stamp: try row.text(14))
    }
}
