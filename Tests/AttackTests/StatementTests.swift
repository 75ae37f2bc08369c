import PostgresClient
import Testing

@testable import Attack

@Suite struct StatementTests {
    @Test func everyStatementHasTheParametersOfItsSQL() {
        for statement in LedgerRows.statements { #expect(statement.flaw == nil) }
    }
}
