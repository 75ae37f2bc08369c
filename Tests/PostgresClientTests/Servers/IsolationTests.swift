import TestSupport
import Testing

@testable import PostgresClient

/// Transactions have what the statements rely on, whatever the defaults of the database are.
@Suite(.timeLimit(.minutes(5))) struct IsolationTests {
    private let level = PostgresStatement<Void, String>(
        "level", sql: "SELECT current_setting('transaction_isolation') AS level"
    ) { columns in
        let level = try columns["level", as: String.self]
        return { row in try row[level] }
    }
    private let add = PostgresStatement<Void, Never>("add", sql: "UPDATE counter SET number = number + 1")
    private let lock = PostgresStatement<Void, Int>("lock", sql: "SELECT number FROM counter FOR UPDATE") { columns in
        let number = try columns["number", as: Int.self]
        return { row in try row[number] }
    }

    @Test(arguments: ["serializable", "repeatable read"], [PostgresPooler.none, .transaction])
    func theDefaultIsolationOfTheDatabaseIsNotUsed(isolation: String, pooler: PostgresPooler) async throws {
        try await withPostgresServer { server in
            try await server.set("default_transaction_isolation", to: isolation)
            try await eventually("new sessions have the default") {
                let other = PostgresPool(PostgresConfiguration(conninfo: server.url))
                let found = try await other.withConnection {
                    try await $0.execute(script: "SELECT setting FROM pg_file_settings WHERE name LIKE '%isolation'")
                }
                await other.close()
                return found.rows == [[isolation]]
            }
            var configuration = PostgresConfiguration(conninfo: server.url)
            configuration.pooler = pooler
            configuration.leaseTimeout = .seconds(30)
            configuration.statementTimeout = .seconds(30)
            let pool = PostgresPool(configuration)
            #expect(try await pool.query(level, ()) == ["read committed"])
            #expect(try await pool.withTransaction { try await $0.query(level, ()) } == ["read committed"])
            try await pool.withConnection {
                _ = try await $0.execute(script: "CREATE TABLE counter (number int); INSERT INTO counter VALUES (0)")
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask { try await count(number, pool) }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.query(lock, ()) == [60])
            await pool.close()
        }
    }

    /// Adds one, in one of the ways that the ledger uses.
    private func count(_ number: Int, _ pool: PostgresPool) async throws {
        guard number.isMultiple(of: 2) else {
            _ = try await pool.execute(add, ())
            return
        }
        try await pool.withTransaction(beginningWith: { try await $0.query(lock, ()) }) { connection, _ in
            _ = try await connection.execute(add, ())
        }
    }

    /// A statement that fails twice with a serialization failure.
    private func makeConflicts(_ test: TestStores) async throws -> PostgresStatement<Void, Int> {
        try await test.sql(
            """
            CREATE SEQUENCE attempts;
            CREATE FUNCTION attempt() RETURNS bigint LANGUAGE plpgsql AS $$
            DECLARE number bigint := nextval('attempts');
            BEGIN
                IF number < 3 THEN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END IF;
                RETURN number;
            END $$
            """)
        return PostgresStatement<Void, Int>("attempt", sql: "SELECT attempt() AS number") { columns in
            let number = try columns["number", as: Int.self]
            return { row in try row[number] }
        }
    }

    @Test func aConflictIsRepeatedForASingleStatement() async throws {
        try await withTestStores { test in
            let attempt = try await makeConflicts(test)
            #expect(try await test.pool.query(attempt, ()) == [3])
        }
    }

    @Test func aConflictIsRepeatedUntilTheBodyBegins() async throws {
        try await withTestStores { test in
            let attempt = try await makeConflicts(test)
            let calls = try await test.pool.withTransaction(beginningWith: { try await $0.query(attempt, ()) }) { $1 }
            #expect(calls == [3])
        }
    }

    @Test func theBodyIsCalledOnce() async throws {
        try await withTestStores { test in
            let attempt = try await makeConflicts(test)
            await #expect(throws: PostgresError.self) {
                try await test.pool.withTransaction { _ = try await $0.query(attempt, ()) }
            }
            #expect(try await test.pool.query(attempt, ()) == [3], "one attempt was made before")
        }
    }
}
