import PostgresClient
import TestSupport
import Testing

@testable import Ledger

@Suite(.timeLimit(.minutes(10))) struct AuditGrantTests {
    /// The role of the programs writes lines, and can neither delete nor rewrite one.
    @Test func theRoleOfTheProgramsCannotTakeALineBack() async throws {
        try await withPostgresServer { postgres in
            try await withTestStores(postgres: postgres) { test in
                try await test.sql("CREATE ROLE seller")
                try await test.ledger.grant(to: "seller")
                try await test.pool.withConnection { connection in
                    _ = try await connection.execute(script: "SET ROLE seller")
                    _ = try await connection.execute(
                        script: "INSERT INTO audit (actor, action, subject, outcome) VALUES ('a', 'b', 'c', 'started')")
                    _ = try await connection.execute(
                        script: "UPDATE audit SET outcome = 'done', after = '{}', reason = 'r'")
                    for forbidden in [
                        "DELETE FROM audit", "TRUNCATE audit", "UPDATE audit SET actor = 'x'",
                        "UPDATE audit SET at = now()",
                        "UPDATE audit SET before = '{}'", "UPDATE audit SET subject = 'x'",
                    ] {
                        let error = await #expect(throws: PostgresError.self, "\(forbidden)") {
                            try await connection.execute(script: forbidden)
                        }
                        #expect(error?.sqlState == "42501", "\(forbidden)")
                    }
                    _ = try await connection.execute(script: "RESET ROLE")
                }
            }
        }
    }
}
