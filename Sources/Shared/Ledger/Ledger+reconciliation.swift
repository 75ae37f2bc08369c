import Domain
import PostgresClient

/// What the ledger says of an event's customers and orders, to be held against Redis.
extension Ledger {
    private static let unitsOf = PostgresStatement(
        name: "customer_units",
        sql: """
            SELECT customer, sum(quantity)::bigint FROM orders
            WHERE event_id = $1 AND customer IS NOT NULL AND customer = ANY($2::text[]) AND \(holdsUnits)
            GROUP BY customer
            """)

    /// Units of some customers of an event; those that have none are left out. There is no index by customer, which every
    /// order with one would pay for: this reads all of the event's orders with customers, a million in half a second.
    package static func units(
        of customers: [String], in event: EventID, on connection: PostgresConnection
    ) async throws -> [String: Int] {
        guard !customers.isEmpty else { return [:] }
        var units: [String: Int] = [:]
        let parameters = [event.description, PostgresArray.literal(customers)]
        for row in try await connection.execute(unitsOf, parameters).rows {
            units[try row.text(0)] = try row.integer(1)
        }
        return units
    }

    private static let customersOf = PostgresStatement(
        name: "event_customers",
        sql: """
            SELECT DISTINCT customer FROM orders
            WHERE event_id = $1 AND customer IS NOT NULL AND \(holdsUnits) LIMIT $2
            """)

    /// Customers that have units of an event, so many at most.
    package func customers(of event: EventID, limit: Int) async throws -> [String] {
        try await pool.execute(Self.customersOf, [event.description, String(limit)]).rows.map { try $0.text(0) }
    }

    /// All customers of an event with their units, as one table of this transaction: read once, looked into many times.
    package static func tabulateCustomers(of event: EventID, on connection: PostgresConnection) async throws {
        try await connection.execute(script: "SET LOCAL statement_timeout = '120s'")
        // The id's alphabet holds nothing that would have to be escaped.
        try await connection.execute(
            script: """
                CREATE TEMPORARY TABLE reconciled_customers ON COMMIT DROP AS
                    SELECT customer, sum(quantity)::bigint AS units FROM orders
                    WHERE event_id = '\(event)' AND customer IS NOT NULL AND \(holdsUnits) GROUP BY customer;
                CREATE UNIQUE INDEX reconciled_customers_key ON reconciled_customers (customer)
                """, timeout: .seconds(121))
    }

    /// A page of that table, those after `last` only.
    package static func tabulatedCustomers(
        after last: String?, limit: Int, on connection: PostgresConnection
    ) async throws -> [(customer: String, units: Int)] {
        // Not prepared: the table is another in each transaction.
        let condition = last.map { "WHERE customer > \(literal($0))" } ?? ""
        return try await connection.execute(
            script: "SELECT customer, units FROM reconciled_customers \(condition) ORDER BY customer LIMIT \(limit)"
        ).rows.map { (try $0.text(0), try $0.integer(1)) }
    }

    /// Those of some customers that the table does not have.
    package static func untabulated(_ customers: [String], on connection: PostgresConnection) async throws -> [String] {
        guard !customers.isEmpty else { return [] }
        return try await connection.execute(
            script: """
                SELECT customer FROM unnest(\(literal(PostgresArray.literal(customers)))::text[]) AS found (customer)
                WHERE NOT EXISTS (
                    SELECT FROM reconciled_customers WHERE reconciled_customers.customer = found.customer)
                """
        ).rows.map { try $0.text(0) }
    }

    /// A string constant (the manual's section 4.1.2.1): with standard_conforming_strings only the quote is special.
    private static func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}
