import PostgresClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct StatementTests {
    @Test func aMismatchedStatementFailsBeforeItRuns() async throws {
        try await withTestStores { test in
            try await test.sql("CREATE TABLE t (x int)")
            let noParameter = PostgresStatement<Int, Never>(
                "a", sql: "INSERT INTO t VALUES (:x), (:y)", parameters: ["x": { $0 }])
            let noColumn = PostgresStatement<Int, Int>(
                "b", sql: "INSERT INTO t VALUES (:x) RETURNING x", parameters: ["x": { $0 }]
            ) { columns in
                let y = try columns["y", as: Int.self]
                return { row in try row[y] }
            }
            let sameName = PostgresStatement<Int, Never>(
                "b", sql: "INSERT INTO t VALUES (:y)", parameters: ["y": { $0 }])
            try await test.pool.withConnection { connection in
                for attempt in [
                    { @Sendable in _ = try await connection.execute(noParameter, 1) },
                    { @Sendable in _ = try await connection.query(noColumn, 1) },
                    { @Sendable in _ = try await connection.execute(sameName, 1) },
                ] {
                    let error = await #expect(throws: PostgresError.self) { try await attempt() }
                    #expect(error?.code == .invalidStatement)
                }
            }
            #expect(try await test.sql("SELECT count(*) FROM t") == "0")
        }
    }

    @Test func aColumnOfADifferentTypeIsAnError() async throws {
        try await withTestStores { test in
            let statement = PostgresStatement<Void, Int>("a", sql: "SELECT NULL AS x") { columns in
                let x = try columns["x", as: Int.self]
                return { row in try row[x] }
            }
            let error = await #expect(throws: PostgresError.self) { try await test.pool.query(statement, ()) }
            #expect(error?.code == .unexpectedResult)
            #expect(error?.description == "Postgres: the column x is NULL")
        }
    }
}
