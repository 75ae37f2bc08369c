import PostgresClient
import TestSupport
import Testing
import Timing

@Suite(.timeLimit(.minutes(10))) struct PostgresPoolTests {
    private func pool(_ test: TestStores, change: (inout PostgresConfiguration) -> Void = { _ in }) -> PostgresPool {
        var configuration = PostgresConfiguration(conninfo: test.settings.databaseURL)
        change(&configuration)
        return PostgresPool(configuration)
    }

    private let echo = PostgresStatement<String, String>(
        "echo", sql: "SELECT :text::text AS text", parameters: ["text": { $0 }]
    ) { columns in
        let text = try columns["text", as: String.self]
        return { row in try row[text] }
    }

    @Test func errorsHaveTheSQLSTATE() async throws {
        try await withTestStores { test in
            let divide = PostgresStatement<Int, Int>(
                "divide", sql: "SELECT 1 / :divisor::int AS quotient", parameters: ["divisor": { $0 }]
            ) { columns in
                let quotient = try columns["quotient", as: Int.self]
                return { row in try row[quotient] }
            }
            do {
                _ = try await test.pool.query(divide, 0)
                Issue.record("the division by zero succeeded")
            } catch let error as PostgresError {
                #expect(error.sqlState == "22012")
                #expect(!error.mayHaveRun)
            }
            #expect(try await test.pool.query(divide, 1) == [1], "the connection still works")
        }
    }

    @Test func textIsReadBackUnchanged() async throws {
        try await withTestStores { test in
            let echo = PostgresStatement<[String?], String?>(
                "echo", sql: "SELECT unnest(:texts::text[]) AS text", parameters: ["texts": { $0 }]
            ) { columns in
                let text = try columns["text", as: String?.self]
                return { row in try row[text] }
            }
            let odd: [String?] = ["{}", "NULL", "\"\\", "", "é👩‍👧", "a,b", nil, " x "]
            let texts = try await test.pool.query(echo, odd)
            #expect(texts == odd)
        }
    }

    @Test func connectionsAndWaitersAreBounded() async throws {
        try await withTestStores { test in
            let pool = pool(test) {
                $0.poolSize = 2
                $0.waitingLimit = 3
                $0.leaseTimeout = .milliseconds(300)
            }
            let gate = Gate()
            let results = try await withThrowingTaskGroup(of: PostgresError.Code?.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        try await pool.withConnection { _ in await gate.wait() }
                        return nil
                    }
                }
                try await eventually("both connections are lent") { await gate.waiting == 2 }
                for _ in 0..<4 {
                    group.addTask {
                        do {
                            _ = try await pool.query(echo, "x")
                            return nil
                        } catch let error as PostgresError {
                            return error.code
                        }
                    }
                }
                var codes: [PostgresError.Code?] = []
                while codes.count < 4, let code = try await group.next() { codes.append(code) }
                await gate.open()
                try await group.waitForAll()
                return codes
            }
            #expect(
                results == Array(repeating: .poolExhausted, count: 4),
                "three waited until the deadline, one was refused at once")
            #expect(try await pool.query(echo, "x") == ["x"])
            await pool.close()
        }
    }

    @Test func aTransactionNeverStaysOpen() async throws {
        try await withTestStores { test in
            let pool = pool(test) { $0.poolSize = 1 }
            try await pool.withConnection { _ = try await $0.execute(script: "CREATE TABLE t (x int)") }
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await pool.withTransaction { connection in
                    try await connection.execute(script: "INSERT INTO t VALUES (1)")
                    throw Stop()
                }
            }
            // A caller leaves a transaction open.
            let backend = try await pool.withConnection { connection in
                _ = try await connection.execute(script: "BEGIN; INSERT INTO t VALUES (2)")
                return try await connection.execute(script: "SELECT pg_backend_pid()").rows[0][0] ?? ""
            }
            try await eventually("its locks are released although no caller leases it again") {
                try await test.sql("SELECT count(*) FROM pg_stat_activity WHERE pid = \(backend)") == "0"
            }
            try await pool.withTransaction { _ = try await $0.execute(script: "INSERT INTO t VALUES (3)") }
            let rows = try await pool.withConnection { try await $0.execute(script: "SELECT x FROM t") }.rows
            #expect(rows == [["3"]])
            await pool.close()
        }
    }

    @Test func aKilledBackendIsReplaced() async throws {
        try await withTestStores { test in
            let pool = pool(test) { $0.poolSize = 1 }
            let backend = try await pool.withConnection { try await $0.execute(script: "SELECT pg_backend_pid()") }
                .rows[0][
                    0]
            try await test.sql("SELECT pg_terminate_backend(\(backend ?? ""))")
            try await eventually("the pool works again") { (try? await pool.query(echo, "x")) == ["x"] }
            await pool.close()
        }
    }

    @Test func aStatementTimeoutIsAnUnknownOutcome() async throws {
        try await withTestStores { test in
            let pool = pool(test) {
                $0.poolSize = 1
                $0.statementTimeout = .milliseconds(200)
            }
            do {
                _ = try await pool.withConnection { try await $0.execute(script: "SELECT pg_sleep(5)") }
                Issue.record("the statement had no deadline")
            } catch let error as PostgresError {
                #expect(error.code == .timeout)
                #expect(error.mayHaveRun)
            }
            #expect(try await pool.query(echo, "x") == ["x"])
            await pool.close()
        }
    }

    @Test func concurrentMigrationsRunOnceAndDetectAChange() async throws {
        try await withTestStores { test in
            let steps = [
                Migration(version: 101, name: "a", sql: "CREATE TABLE a (x int); INSERT INTO a VALUES (1)"),
                Migration(version: 102, name: "b", sql: "INSERT INTO a VALUES (2)"),
            ]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await Migrator(steps.reversed()).migrate(test.pool) } }
                try await group.waitForAll()
            }
            #expect(try await test.sql("SELECT string_agg(x::text, ',') FROM a") == "1,2")
            let changed = [steps[0], Migration(version: 102, name: "b", sql: "INSERT INTO a VALUES (3)")]
            await #expect(throws: MigrationError.self) { try await Migrator(changed).migrate(test.pool) }
            let broken = steps + [Migration(version: 103, name: "c", sql: "INSERT INTO a VALUES (9); SELECT 1/0")]
            await #expect(throws: PostgresError.self) { try await Migrator(broken).migrate(test.pool) }
            #expect(try await test.sql("SELECT count(*) FROM a") == "2", "a step that fails changes nothing")
        }
    }
}

/// Blocks tasks until it is opened.
actor Gate {
    private var isOpen = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    var waiting: Int { waiters.count }

    func wait() async {
        if !isOpen { await withCheckedContinuation { waiters.append($0) } }
    }

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
