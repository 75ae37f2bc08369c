extension Ledger {
    private static let columns = """
        orders.id, event_id, events.generation, quantity, customer, status, version, \(milliseconds("claimed_at")),
        \(milliseconds("confirmed_at")), \(milliseconds("expires_at")), reason
        """
    private static let find = PostgresStatement(
        name: "order_find",
        sql: "SELECT \(columns) FROM orders JOIN events ON events.id = event_id WHERE orders.id = $1")

    /// The order, or nil where the ledger has none.
    public func order(_ id: OrderID) async throws -> Order? {
        try await pool.execute(Self.find, [id.description]).rows.first.map(Self.order)
    }

    private static let findVersions = PostgresStatement(
        name: "order_versions", sql: "SELECT id, status, version FROM orders WHERE id = ANY($1::uuid[])")

    /// The state and version of those orders that the ledger has.
    static func versions(
        of ids: [OrderID], on connection: PostgresConnection
    ) async throws -> [OrderID: Books.Row] {
        guard !ids.isEmpty else { return [:] }
        var versions: [OrderID: Books.Row] = [:]
        for row in try await connection.execute(findVersions, [PostgresArray.literal(ids.map(\.description))]).rows {
            guard let id = OrderID(try row.text(0)), let state = OrderState(rawValue: try row.text(1)) else { continue }
            versions[id] = Books.Row(state: state, version: try row.integer(2))
        }
        return versions
    }

    /// Those of an event's orders that Redis has to know of, a page at a time: whose customers' units count, which are
    /// held, or whose idempotency keys are still good. To be called in a transaction, with the event's row locked.
    ///
    /// By the id's bit that ``OrderID/isMadeFromKey`` reads. One pass over the orders, by a cursor: there is no index by
    /// event, which every insert would pay for.
    static func eachPage(
        toFill event: EventID, size: Int, on connection: PostgresConnection, _ body: ([Order]) async throws -> Void
    ) async throws {
        try await connection.execute(script: "SET LOCAL statement_timeout = '60s'")
        try await connection.execute(
            script: """
                DECLARE orders_to_fill NO SCROLL CURSOR FOR
                SELECT \(columns) FROM orders JOIN events ON events.id = event_id
                WHERE event_id = '\(event)' AND (
                    status = 'held' OR customer IS NOT NULL AND status = 'confirmed'
                    OR get_byte(uuid_send(orders.id), 8) & 32 <> 0 AND claimed_at > now() - interval '24 hours')
                """)
        while true {
            let rows = try await connection.execute(
                script: "FETCH \(size) FROM orders_to_fill", timeout: .seconds(61)
            ).rows
            guard !rows.isEmpty else { break }
            try await body(try rows.map(Self.order))
        }
        try await connection.execute(script: "CLOSE orders_to_fill")
    }

    private static func order(_ row: [String?]) throws -> Order {
        guard let id = OrderID(try row.text(0)), let event = EventID(try row.text(1)),
            let state = OrderState(rawValue: try row.text(5))
        else { throw PostgresError(.unexpectedResult, "an order has an id, event or status of another form") }
        let version = try row.integer(6)
        func time(_ column: Int) throws -> Timestamp? {
            try row.integerIfPresent(column).map { Timestamp(milliseconds: Int64($0)) }
        }
        return Order(
            id: id, event: event, generation: try row.integer(2), quantity: try row.integer(3), customer: row[4],
            state: state, version: version, ledgerVersion: version,
            claimedAt: Timestamp(milliseconds: Int64(try row.integer(7))), confirmedAt: try time(8),
            expiresAt: try time(9), reason: row[10])
    }
}
