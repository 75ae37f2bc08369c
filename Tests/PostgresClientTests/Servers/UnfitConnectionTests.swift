import TestSupport
import Testing

@testable import PostgresClient

/// Connections that live but cannot serve are replaced.
@Suite(.timeLimit(.minutes(5))) struct UnfitConnectionTests {
    private let read = PostgresStatement<Void, Int>("read", sql: "SELECT * FROM item") { columns in
        let number = try columns["number", as: Int.self]
        return { row in try row[number] }
    }
    private let write = PostgresStatement<Int, Never>(
        "write", sql: "INSERT INTO item (number) VALUES (:number)", parameters: ["number": { $0 }])

    private func pool(_ conninfo: String) -> PostgresPool {
        var configuration = PostgresConfiguration(conninfo: conninfo)
        configuration.leaseTimeout = .seconds(20)
        configuration.connectTimeout = .seconds(20)
        return PostgresPool(configuration)
    }

    private func makeTable(_ pool: PostgresPool) async throws {
        try await pool.withConnection { _ = try await $0.execute(script: "CREATE TABLE item (number int)") }
    }

    /// Opens several connections, so that there are some that did not meet the error.
    private func open(_ count: Int, _ pool: PostgresPool) async throws {
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { try await pool.withConnection { _ in await gate.wait() } } }
            try await eventually("the connections are lent") { await gate.waiting == count }
            await gate.open()
            try await group.waitForAll()
        }
        #expect(await pool.stats.idle == count)
    }

    @Test func afterAFailoverAllOldConnectionsAreGivenUp() async throws {
        try await withPostgresServer { old in
            try await withPostgresServer { new in
                for server in [old, new] {
                    let pool = pool(server.url)
                    try await makeTable(pool)
                    await pool.close()
                }
                let hosts = "host=\(old.directory.path),\(new.directory.path)"
                let pool = pool("\(hosts) user=postgres dbname=postgres target_session_attrs=read-write")
                try await open(4, pool)
                try await pool.execute(write, 1)
                // The old connections live and read, but the server does not write any more.
                try await old.set("default_transaction_read_only", to: "on")
                try await eventually("the old server is read-only") {
                    try await pool.withConnection {
                        try await $0.execute(script: "SHOW transaction_read_only").rows == [["on"]]
                    }
                }
                try await pool.execute(write, 2)
                #expect(try await pool.query(read, ()) == [2], "it is the new server")
                #expect(await pool.stats.open == 1, "no old connection is kept")
                await pool.close()
            }
        }
    }

    @Test func aReadOnlyServerIsReportedAndServesAgainLater() async throws {
        try await withPostgresServer { server in
            let pool = pool(server.url)
            try await makeTable(pool)
            try await server.set("default_transaction_read_only", to: "on")
            try await eventually("writing is refused") {
                do { try await pool.execute(write, 1) } catch let error as PostgresError {
                    return error.sqlState == "25006"
                }
                return false
            }
            try await server.set("default_transaction_read_only", to: "off")
            try await eventually("writing works") { (try? await pool.execute(write, 2)) == 1 }
            await pool.close()
        }
    }

    @Test func aStatementWhoseResultTypeChangedIsPreparedAgain() async throws {
        try await withTestStores { test in
            try await makeTable(test.pool)
            try await test.pool.execute(write, 1)
            #expect(try await test.pool.query(read, ()) == [1])
            try await test.sql("ALTER TABLE item ALTER COLUMN number TYPE bigint")
            #expect(try await test.pool.query(read, ()) == [1])
            try await test.sql("ALTER TABLE item ADD COLUMN other text")
            #expect(try await test.pool.withTransaction(beginningWith: { try await $0.query(read, ()) }) { $1 } == [1])
        }
    }

    @Test func aStatementThatTheSessionHasLostIsPreparedAgain() async throws {
        try await withTestStores { test in
            try await makeTable(test.pool)
            #expect(try await test.pool.query(read, ()) == [])
            try await test.pool.withConnection { _ = try await $0.execute(script: "DEALLOCATE ALL") }
            #expect(try await test.pool.query(read, ()) == [])
        }
    }

    @Test func sessionsThatTheServerEndedAreReplaced() async throws {
        try await withPostgresServer { server in
            let pool = pool(server.url)
            try await makeTable(pool)
            try await open(4, pool)
            let other = PostgresPool(PostgresConfiguration(conninfo: server.url))
            try await other.withConnection {
                _ = try await $0.execute(
                    script: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            }
            await other.close()
            try await eventually("the pool works again") { (try? await pool.query(read, ())) == [] }
            await pool.close()
        }
    }

    @Test func aTransactionInWhichAStatementFailedIsNotReportedAsCommitted() async throws {
        try await withTestStores { test in
            try await makeTable(test.pool)
            await #expect(throws: PostgresError.self) {
                try await test.pool.withTransaction { connection in
                    try await connection.execute(write, 1)
                    _ = try? await connection.execute(script: "SELECT 1/0")
                }
            }
            #expect(try await test.pool.query(read, ()) == [])
        }
    }
}
