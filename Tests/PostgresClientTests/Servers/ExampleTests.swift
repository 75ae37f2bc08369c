import PostgresClient
import TestSupport
import Testing

/// The example of PostgresClient.docc; DocumentationTests compares it with this file.
@Suite(.timeLimit(.minutes(10))) struct ExampleTests {
    @Test func theExampleOfTheDocumentationRuns() async throws {
        try await withTestStores { test in
            try await test.sql("CREATE TABLE seats (id int, name text)")
            try await test.sql("INSERT INTO seats VALUES (7, NULL), (8, NULL)")
            let conninfo = test.settings.databaseURL
            let assign = PostgresStatement<(id: Int, name: String), Int>(
                "assign", sql: "UPDATE seats SET name = :name WHERE id = :id RETURNING id",
                parameters: ["id": { $0.id }, "name": { $0.name }]
            ) { columns in
                let id = try columns["id", as: Int.self]
                return { row in try row[id] }
            }
            let pool = PostgresPool(PostgresConfiguration(conninfo: conninfo))
            let assigned = try await pool.withTransaction { connection in
                try await connection.query(assign, (id: 7, name: "ann"))
            }
            await pool.close()
            #expect(assigned == [7])
            #expect(try await test.sql("SELECT name FROM seats WHERE id = 7") == "ann")
        }
    }
}
