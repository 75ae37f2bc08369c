import Domain
import PostgresClient

/// Statements that read orders for operators.
extension Statements {
    static let orderDetail = PostgresStatement<OrderID, LedgerOrder>(
        "order_detail", sql: PackageResources.order_detail_sql, parameters: ["id": { $0 }], reader: order)

    static let eventTimes = PostgresStatement<EventID, (createdAt: Timestamp, updatedAt: Timestamp)>(
        "event_times", sql: PackageResources.event_times_sql, parameters: ["id": { $0 }]
    ) { columns in
        let createdAt = try columns["created_at", as: Timestamp.self]
        let updatedAt = try columns["updated_at", as: Timestamp.self]
        return { row in (createdAt: try row[createdAt], updatedAt: try row[updatedAt]) }
    }

    struct OrdersInRange: Sendable {
        var filter: OrderFilter
        /// The lowest id; in ascending order, the one before it.
        var low: OrderID
        /// All ids are lower.
        var high: OrderID
        /// The number of rows that may be read.
        var scan: Int
        /// The number of rows that are wanted.
        var limit: Int
    }

    static let ordersPage = PostgresStatement<OrdersInRange, OrderPage.Row>(
        "orders_page", sql: PackageResources.orders_page_sql,
        parameters: [
            "event_id": { $0.filter.event?.event }, "status": { $0.filter.state }, "first": { $0.low },
            "before": { $0.high }, "scan": { $0.scan }, "limit": { $0.limit },
        ], reader: pageRow)

    static let ordersPageCustomer = PostgresStatement<OrdersInRange, OrderPage.Row>(
        "orders_page_customer", sql: PackageResources.orders_page_customer_sql,
        parameters: [
            "customer": { $0.filter.customer }, "event_id": { $0.filter.event?.event }, "status": { $0.filter.state },
            "first": { $0.low }, "before": { $0.high }, "scan": { $0.scan }, "limit": { $0.limit },
        ], reader: pageRow)

    static let ordersExport = PostgresStatement<OrdersInRange, OrderPage.Row>(
        "orders_export", sql: PackageResources.orders_export_sql,
        parameters: [
            "event_id": { $0.filter.event?.event }, "after": { $0.low }, "before": { $0.high },
            "scan": { $0.scan }, "limit": { $0.limit },
        ], reader: pageRow)

    @Sendable private static func pageRow(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> OrderPage.Row {
        let order = try order(columns)
        let isLastRead = try columns["is_last_read", as: Bool.self]
        let matches = try columns["matches", as: Bool.self]
        return { row in
            OrderPage.Row(order: try order(row), isLastRead: try row[isLastRead], matches: try row[matches])
        }
    }

    @Sendable private static func order(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> LedgerOrder {
        let id = try columns["id", as: OrderID.self]
        let event = try columns["event_id", as: EventID.self]
        let customer = try columns["customer", as: String?.self]
        let quantity = try columns["quantity", as: Int.self]
        let status = try columns["status", as: OrderState.self]
        let previous = try columns["previous_status", as: OrderState?.self]
        let reason = try columns["reason", as: String?.self]
        let version = try columns["version", as: Int.self]
        let claimedAt = try columns["claimed_at", as: Timestamp.self]
        let confirmedAt = try columns["confirmed_at", as: Timestamp?.self]
        let expiresAt = try columns["expires_at", as: Timestamp?.self]
        let recordedAt = try columns["recorded_at", as: Timestamp.self]
        return { row in
            LedgerOrder(
                id: try row[id], event: try row[event], customer: try row[customer], quantity: try row[quantity],
                state: try row[status], previousState: try row[previous], reason: try row[reason],
                version: try row[version], claimedAt: try row[claimedAt], confirmedAt: try row[confirmedAt],
                expiresAt: try row[expiresAt], recordedAt: try row[recordedAt])
        }
    }
}
