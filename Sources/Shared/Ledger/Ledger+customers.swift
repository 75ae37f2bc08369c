package import Domain
import PostgresClient

/// The customers of an event, to be compared with Redis.
extension Ledger {
    /// Units of some customers of an event; customers without units are left out. Reads all orders of the event that
    /// have a customer: a million in half a second.
    package func units(of customers: [String], in event: EventID) async throws -> [String: Int] {
        guard !customers.isEmpty else { return [:] }
        let rows = try await pool.query(Statements.customerUnits, (event: event, customers: customers))
        return Dictionary(rows.map { ($0.customer, $0.units) }) { $1 }
    }

    /// Customers that have units of an event, `limit` of them at most.
    package func customers(of event: EventID, limit: Int) async throws -> [String] {
        try await pool.query(Statements.eventCustomers, (event: event, limit: limit))
    }

    /// Reads all customers of an event with their units into a table that exists for the duration of `body`. Reading
    /// may take 120 seconds.
    package func withCustomerTable<Value: Sendable>(
        of event: EventID, _ body: (CustomerTable) async throws -> Value
    ) async throws -> Value {
        let makeTable = { @Sendable (connection: PostgresConnection) async throws in
            try await connection.set(.statement, to: .seconds(120))
            try await connection.execute(Statements.customerTableCreate, event, timeout: .seconds(121))
            try await connection.execute(Statements.customerTableIndex, (), timeout: .seconds(121))
        }
        return try await pool.withTransaction(beginningWith: makeTable) { connection, _ in
            try await body(CustomerTable(connection: connection))
        }
    }

    /// The customers of an event at one moment, in a temporary table.
    package struct CustomerTable {
        let connection: PostgresConnection

        /// Customers in their order, those after `last` only.
        package func customers(after last: String?, limit: Int) async throws -> [(customer: String, units: Int)] {
            try await connection.query(Statements.customerTableList, (after: last, limit: limit))
        }

        /// Those of some customers that the table lacks.
        package func missing(_ customers: [String]) async throws -> [String] {
            guard !customers.isEmpty else { return [] }
            return try await connection.query(Statements.customerTableMissing, customers)
        }
    }
}
