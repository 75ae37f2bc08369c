import Foundation
import PostgresClient
import TestSupport
import Testing

@testable import Ledger

@Suite struct StatementTests {
    @Test func everyStatementHasTheParametersOfItsSQL() {
        for statement in Statements.all { #expect(statement.flaw == nil) }
    }

    @Test func everyFileIsOneStatement() throws {
        let folder = checkout.appendingPathComponent("Sources/Shared/Ledger/Statements")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Statements.all.map { "\($0.name).sql" }.sorted() == files.sorted())
    }
}
