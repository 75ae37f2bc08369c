import Domain
import PostgresClient

/// Statements on orders.
extension Statements {
    static let ordersFind = PostgresStatement<[OrderID], Order>(
        "orders_find", sql: PackageResources.orders_find_sql, parameters: ["ids": { $0 }]
    ) { columns in
        let id = try columns["id", as: OrderID.self]
        let event = try columns["event_id", as: EventID.self]
        let generation = try columns["generation", as: Int.self]
        let quantity = try columns["quantity", as: Int.self]
        let customer = try columns["customer", as: String?.self]
        let status = try columns["status", as: OrderState.self]
        let version = try columns["version", as: Int.self]
        let claimedAt = try columns["claimed_at", as: Timestamp.self]
        let confirmedAt = try columns["confirmed_at", as: Timestamp?.self]
        let expiresAt = try columns["expires_at", as: Timestamp?.self]
        let reason = try columns["reason", as: String?.self]
        return { row in
            let version = try row[version]
            return Order(
                id: try row[id], event: try row[event], generation: try row[generation],
                quantity: try row[quantity], customer: try row[customer], state: try row[status], version: version,
                ledgerVersion: version, claimedAt: try row[claimedAt], confirmedAt: try row[confirmedAt],
                expiresAt: try row[expiresAt], reason: try row[reason])
        }
    }

    static let orderVersions = PostgresStatement<[OrderID], (id: OrderID, order: OrderVersion)>(
        "order_versions", sql: PackageResources.order_versions_sql, parameters: ["ids": { $0 }]
    ) { columns in
        let id = try columns["id", as: OrderID.self]
        let status = try columns["status", as: OrderState.self]
        let version = try columns["version", as: Int.self]
        return { row in (id: try row[id], order: OrderVersion(state: try row[status], version: try row[version])) }
    }

    static let ordersDelete = PostgresStatement<EventID, Never>(
        "orders_delete", sql: PackageResources.orders_delete_sql, parameters: ["event_id": { $0 }])
}
