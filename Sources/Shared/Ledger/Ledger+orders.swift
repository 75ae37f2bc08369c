import Domain
import PostgresClient

/// The state and version of an order in the ledger.
package struct OrderVersion: Hashable, Sendable {
    package var state: OrderState
    package var version: Int

    package init(state: OrderState, version: Int) {
        self.state = state
        self.version = version
    }
}

extension Ledger {
    private static let columns = """
        orders.id, event_id, events.generation, quantity, customer, status, version, \(milliseconds("claimed_at")),
        \(milliseconds("confirmed_at")), \(milliseconds("expires_at")), reason
        """
    private static let find = PostgresStatement(
        name: "order_find",
        sql: "SELECT \(columns) FROM orders JOIN events ON events.id = event_id WHERE orders.id = $1")

    /// The order, or nil where the ledger has none.
    package func order(_ id: OrderID) async throws -> Order? {
        try await pool.execute(Self.find, [id.description]).rows.first.map(Self.order)
    }

    private static let findSome = PostgresStatement(
        name: "orders_find",
        sql: "SELECT \(columns) FROM orders JOIN events ON events.id = event_id WHERE orders.id = ANY($1::uuid[])")

    /// Those of some orders that the ledger has, as it has them now.
    package static func orders(_ ids: [OrderID], on connection: PostgresConnection) async throws -> [Order] {
        guard !ids.isEmpty else { return [] }
        return try await connection.execute(findSome, [PostgresArray.literal(ids.map(\.description))]).rows.map(order)
    }

    private static let findVersions = PostgresStatement(
        name: "order_versions", sql: "SELECT id, status, version FROM orders WHERE id = ANY($1::uuid[])")

    /// The state and version of those orders that the ledger has.
    package static func versions(
        of ids: [OrderID], on connection: PostgresConnection
    ) async throws -> [OrderID: OrderVersion] {
        guard !ids.isEmpty else { return [:] }
        var versions: [OrderID: OrderVersion] = [:]
        for row in try await connection.execute(findVersions, [PostgresArray.literal(ids.map(\.description))]).rows {
            guard let id = OrderID(try row.text(0)), let state = OrderState(rawValue: try row.text(1)) else { continue }
            versions[id] = OrderVersion(state: state, version: try row.integer(2))
        }
        return versions
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
