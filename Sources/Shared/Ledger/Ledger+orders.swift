extension Ledger {
    /// Locks the events' rows in the order of their ids, inserts the orders and moves the counters by what was inserted,
    /// all in one statement and so in one transaction. Answers one row with the time, and one for each order that was not
    /// inserted, with the reason.
    private static let insertConfirmed = PostgresStatement(
        name: "orders_insert_confirmed",
        sql: """
            WITH input AS (
                SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::bigint[])
                    AS columns (id, event_id, generation, customer, quantity, claimed_ms)
            ), event AS MATERIALIZED (
                SELECT id, generation FROM events
                WHERE id IN (SELECT event_id FROM input) ORDER BY id FOR UPDATE
            ), inserted AS (
                INSERT INTO orders (id, event_id, customer, quantity, status, claimed_at, confirmed_at)
                SELECT input.id, event_id, customer, quantity, 'confirmed', \(timestamp("claimed_ms")), now()
                FROM input JOIN event ON event.id = event_id AND event.generation = input.generation
                ON CONFLICT (id) DO NOTHING
                RETURNING id, event_id, quantity
            ), moved AS (
                UPDATE events SET sold = sold + units, updated_at = now()
                FROM (SELECT event_id, sum(quantity) AS units FROM inserted GROUP BY event_id) AS sums
                WHERE events.id = sums.event_id
            )
            SELECT NULL AS id, 'now' AS outcome, \(milliseconds("now()"))
            UNION ALL
            SELECT input.id, CASE
                    WHEN event.id IS NULL THEN 'unknown'
                    WHEN event.generation > input.generation THEN 'forgotten'
                    WHEN event.generation < input.generation THEN 'ahead'
                    ELSE 'present' END, NULL
            FROM input LEFT JOIN event ON event.id = input.event_id
            WHERE NOT EXISTS (SELECT FROM inserted WHERE inserted.id = input.id)
            """)

    private static let standing = PostgresStatement(
        name: "orders_standing",
        sql: """
            SELECT id, status, \(milliseconds("confirmed_at")), reason FROM orders WHERE id = ANY($1::uuid[])
            """)

    private static let insertRejected = PostgresStatement(
        name: "order_insert_rejected",
        sql: """
            INSERT INTO orders (id, event_id, customer, quantity, status, reason, claimed_at)
            SELECT $1, id, $4, $5, 'rejected', $7, \(timestamp("$6"))
            FROM events WHERE id = $2 AND generation = $3
            ON CONFLICT (id) DO NOTHING
            """)

    private static let find = PostgresStatement(
        name: "order_find",
        sql: """
            SELECT event_id, quantity, customer, status, \(milliseconds("claimed_at")),
                \(milliseconds("confirmed_at")), reason
            FROM orders WHERE id = $1
            """)

    /// The order, or nil where the ledger has none.
    public func order(_ id: OrderID) async throws -> Order? {
        guard let row = try await pool.execute(Self.find, [id.description]).rows.first else { return nil }
        guard let event = EventID(try row.text(0)), let state = OrderState(rawValue: try row.text(3)) else {
            throw PostgresError(.unexpectedResult, "order \(id) has an event or a status of another form")
        }
        return Order(
            id: id, event: event, quantity: try row.integer(1), customer: row[2], state: state,
            claimedAt: Timestamp(milliseconds: Int64(try row.integer(4))),
            confirmedAt: try row.integerIfPresent(5).map { Timestamp(milliseconds: Int64($0)) }, reason: row[6])
    }

    /// Settles a batch of orders, in their order, each exactly once however often it is put.
    ///
    /// In the usual case this is one statement. Where the content of some order makes the batch impossible (it would break
    /// the event's CHECK, or Postgres cannot take its data), every order is settled alone, so that one bad order does not
    /// hold up the others. Throws what is not the orders' fault; then nothing is known to have been settled.
    public func settle(_ orders: [QueuedOrder]) async throws -> [Settlement] {
        guard !orders.isEmpty else { return [] }
        do {
            return try await insert(orders)
        } catch let error as PostgresError where error.isAboutContent {
            var settlements: [Settlement] = []
            for order in orders { settlements.append(try await settleAlone(order)) }
            return settlements
        }
    }

    private func settleAlone(_ order: QueuedOrder) async throws -> Settlement {
        do {
            return try await insert([order])[0]
        } catch let error as PostgresError where error.isCheckViolation {
            return try await reject(order, reason: "oversold")
        } catch let error as PostgresError where error.isAboutContent {
            return .unsettleable(reason: error.description)
        }
    }

    private func insert(_ orders: [QueuedOrder]) async throws -> [Settlement] {
        let rows = try await pool.execute(
            Self.insertConfirmed,
            [
                PostgresArray.literal(orders.map { $0.id.description }),
                PostgresArray.literal(orders.map(\.event.description)),
                PostgresArray.literal(orders.map(\.generation)),
                PostgresArray.literal(orders.map(\.customer)),
                PostgresArray.literal(orders.map(\.quantity)),
                PostgresArray.literal(orders.map(\.claimedAt.milliseconds)),
            ]
        ).rows
        guard let first = rows.first, first[1] == "now" else {
            throw PostgresError(.unexpectedResult, "the insert did not say when it ran")
        }
        let now = Timestamp(milliseconds: Int64(try first.integer(2)))
        guard rows.count > 1 else { return orders.map { _ in .confirmed(at: now) } }

        var exceptions: [OrderID: Settlement] = [:]
        var present: [OrderID] = []
        for row in rows.dropFirst() {
            guard let id = OrderID(try row.text(0)) else { continue }
            switch row[1] {
            case "unknown": exceptions[id] = .unsettleable(reason: "the event is not in the ledger")
            case "forgotten": exceptions[id] = .forgotten
            case "ahead": exceptions[id] = .unsettleable(reason: "the event's generation is later than the ledger's")
            default: present.append(id)
            }
        }
        for (id, settlement) in try await standing(present) { exceptions[id] = settlement }
        return orders.map { exceptions[$0.id] ?? .confirmed(at: now) }
    }

    /// What an earlier delivery of these orders led to.
    private func standing(_ ids: [OrderID]) async throws -> [OrderID: Settlement] {
        guard !ids.isEmpty else { return [:] }
        var settlements: [OrderID: Settlement] = [:]
        for row in try await pool.execute(Self.standing, [PostgresArray.literal(ids.map(\.description))]).rows {
            guard let id = OrderID(try row.text(0)) else { continue }
            if let confirmed = try row.integerIfPresent(2) {
                settlements[id] = .confirmed(at: Timestamp(milliseconds: Int64(confirmed)))
            } else {
                settlements[id] = .rejected(reason: row[3] ?? "rejected")
            }
        }
        // A row that is gone again was deleted by a reset in between.
        for id in ids where settlements[id] == nil { settlements[id] = .forgotten }
        return settlements
    }

    private func reject(_ order: QueuedOrder, reason: String) async throws -> Settlement {
        _ = try await pool.execute(
            Self.insertRejected,
            [
                order.id.description, order.event.description, String(order.generation), order.customer,
                String(order.quantity), String(order.claimedAt.milliseconds), reason,
            ])
        return try await standing([order.id])[order.id] ?? .forgotten
    }
}
