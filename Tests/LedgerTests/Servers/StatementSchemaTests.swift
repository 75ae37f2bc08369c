import PostgresClient
import TestSupport
import Testing

@testable import Domain
@testable import Ledger

@Suite(.timeLimit(.minutes(10))) struct StatementSchemaTests {
    /// PostgreSQL accepts the SQL of each statement, and the result has the columns that the rows are read from.
    @Test func everyStatementFitsTheSchema() async throws {
        try await withTestStores { test in
            try await test.ledger.withCustomerTable(of: .demo) { table in
                for statement in Statements.all {
                    try await statement.check(on: table.connection)
                }
            }
        }
    }
}
