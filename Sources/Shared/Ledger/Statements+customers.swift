import Domain
import PostgresClient

/// Statements on the customers of an event.
extension Statements {
    typealias CustomerUnits = (customer: String, units: Int)

    static let customerUnits = PostgresStatement<(event: EventID, customers: [String]), CustomerUnits>(
        "customer_units", sql: PackageResources.customer_units_sql,
        parameters: ["event_id": { $0.event }, "customers": { $0.customers }], reader: units)

    static let eventCustomers = PostgresStatement<(event: EventID, limit: Int), String>(
        "event_customers", sql: PackageResources.event_customers_sql,
        parameters: ["event_id": { $0.event }, "limit": { $0.limit }], reader: customer)

    // The statements on the temporary table are not prepared: each transaction has another table of this name.

    static let customerTableCreate = PostgresStatement<EventID, Never>(
        "customer_table_create", sql: PackageResources.customer_table_create_sql, isPrepared: false,
        parameters: ["event_id": { $0 }])

    static let customerTableIndex = PostgresStatement<Void, Never>(
        "customer_table_index", sql: PackageResources.customer_table_index_sql, isPrepared: false)

    static let customerTableList = PostgresStatement<(after: String?, limit: Int), CustomerUnits>(
        "customer_table_list", sql: PackageResources.customer_table_list_sql, isPrepared: false,
        parameters: ["after": { $0.after }, "limit": { $0.limit }], reader: units)

    static let customerTableMissing = PostgresStatement<[String], String>(
        "customer_table_missing", sql: PackageResources.customer_table_missing_sql, isPrepared: false,
        parameters: ["customers": { $0 }], reader: customer)

    @Sendable private static func units(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> CustomerUnits {
        let customer = try columns["customer", as: String.self]
        let units = try columns["units", as: Int.self]
        return { row in (customer: try row[customer], units: try row[units]) }
    }

    @Sendable private static func customer(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> String {
        let customer = try columns["customer", as: String.self]
        return { row in try row[customer] }
    }
}
