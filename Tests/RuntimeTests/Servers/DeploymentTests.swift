import Foundation
import TestSupport
import Testing

@testable import Domain
@testable import Ledger
@testable import PostgresClient

/// PostgreSQL as it is deployed: poolers, roles without the right to create tables, programs whose settings differ.
@Suite(.timeLimit(.minutes(10))) struct DeploymentTests {
    private static let admin = ["Authorization": "Bearer secret"]

    /// Starts the API and a Worker, runs `body` with a client when they are ready, and stops them gracefully.
    private func withPrograms(
        _ environment: [String: String], _ body: (HTTPClient) async throws -> Void
    ) async throws {
        let port = try freePort()
        let environment = environment.merging(["ADMIN_TOKEN": "secret"]) { $1 }
        let api = try Run("API", ["--port", String(port)], environment)
        let worker = try Run("Worker", [], environment)
        let client = HTTPClient(port: port)
        do {
            try await eventually("the API is ready") { (try? await client.send("GET", "/readyz").status) == 200 }
        } catch {
            throw GaveUp(description: "\(error); the API's log:\n\(api.output)")
        }
        try await body(client)
        api.signal(SIGTERM)
        worker.signal(SIGTERM)
        #expect(try await api.exitCode() == 0)
        #expect(try await worker.exitCode() == 0)
        for run in [api, worker] {
            // The shared Redis can miss a deadline when the disk stalls. That is not what the programs warn of here.
            let lines = run.output.split(separator: "\n").filter { !$0.contains("no reply within the deadline") }
            #expect(!lines.contains { $0.contains(" warning ") }, "\(run.output)")
            #expect(!lines.contains { $0.contains(" error ") }, "\(run.output)")
        }
    }

    private func put(_ client: HTTPClient, _ event: String, _ terms: String) async throws -> Int {
        try await client.send("PUT", "/events/\(event)", terms, headers: Self.admin).status
    }

    /// A sale with everything that reaches the ledger.
    private func sell(_ client: HTTPClient) async throws {
        #expect(try await put(client, "a", #"{"name":"A","capacity":40}"#) == 201)
        #expect(try await put(client, "b", #"{"name":"B","capacity":10,"hold_seconds":600}"#) == 201)
        let ids = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<60 {
                group.addTask { try await client.send("POST", "/buy", #"{"event":"a"}"#).text("ticket_id") }
            }
            return try await group.reduce(into: [String]()) { if let id = $1 { $0.append(id) } }
        }
        #expect(ids.count == 40)
        for id in ids {
            let order = try await client.send("GET", "/orders/\(id)?wait=20")
            #expect(order.text("status") == "confirmed")
        }
        let first = try #require(ids.first)
        #expect(try await client.send("POST", "/orders/\(first)/cancel").status == 200)
        let held = try await client.send("POST", "/buy", #"{"event":"b","customer":"c","quantity":2}"#)
        let hold = try #require(held.text("ticket_id"))
        #expect(try await client.send("POST", "/orders/\(hold)/confirm").text("status") == "confirmed")
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<30 { group.addTask { try await put(client, "a", #"{"name":"A\#(number)"}"#) } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(statuses == [200])
        try await eventually("everything is in the ledger and agrees") {
            let report = try await client.send("POST", "/admin/reconcile", headers: Self.admin)
            return report.status == 200 && report.integer("drifted") == 0
        }
        let reset = try await client.send("POST", "/reset", #"{"event":"b","capacity":3}"#, headers: Self.admin)
        #expect(reset.status == 200)
        #expect(try await client.send("GET", "/events/b").integer("available") == 3)
    }

    // MARK: Poolers

    @Test(arguments: [
        (PgBouncerServer.Mode.transaction, "transaction"), (.transaction, "auto"), (.session, "auto"),
        (.session, "session"), (.session, "transaction"),
    ])
    func theProgramsSellThroughAPooler(mode: PgBouncerServer.Mode, setting: String) async throws {
        try await withTestStores { stores in
            try await withPostgresServer { postgres in
                // With so few connections the clients take turns.
                try await withPgBouncer(mode, to: postgres, serverConnections: mode == .session ? 60 : 3) { pooler in
                    let environment = [
                        "REDIS_URL": stores.environment["REDIS_URL"] ?? "", "DATABASE_URL": pooler.url(),
                        "DATABASE_POOLER": setting, "DEMO": "true",
                    ]
                    try await stores.redis("FLUSHDB")
                    try await withPrograms(environment) { client in
                        try await sell(client)
                        #expect(try await client.send("POST", "/lab/row-lock/buy").status < 500)
                        #expect(try await client.send("POST", "/lab/serializable/buy").status < 500)
                    }
                    let direct = PostgresPool(PostgresConfiguration(conninfo: postgres.url))
                    let sold = try await direct.withConnection {
                        try await $0.execute(script: "SELECT sold FROM events WHERE id = 'a'").rows
                    }
                    #expect(sold == [["39"]])
                    await direct.close()
                }
            }
        }
    }

    /// The programs run again when the pooler has lost the server and found it again.
    @Test func aPoolerWhoseServerRestartsIsUsedAgain() async throws {
        try await withPostgresServer { postgres in
            try await withPgBouncer(.transaction, to: postgres) { pooler in
                let pool = PostgresPool(PostgresConfiguration(conninfo: pooler.url()))
                let count = PostgresStatement<Void, Int>("count", sql: "SELECT 1 AS number") { columns in
                    let number = try columns["number", as: Int.self]
                    return { row in try row[number] }
                }
                #expect(try await pool.query(count, ()) == [1])
                try await postgres.stop()
                do {
                    _ = try await pool.query(count, ())
                    Issue.record("the server has stopped")
                } catch let error as PostgresError {
                    #expect(error.code == .connectionLost || error.code == .notConnected || error.code == .timeout)
                }
                try await postgres.restart()
                try await eventually("the pool works again", within: 60) { (try? await pool.query(count, ())) == [1] }
                await pool.close()
            }
        }
    }

    // MARK: Roles

    @Test func theOwnerMigratesAndTheProgramsRunWithARoleThatMayNot() async throws {
        try await withTestStores { stores in
            try await withPostgresServer { postgres in
                let owner = PostgresPool(PostgresConfiguration(conninfo: postgres.url))
                try await owner.withConnection {
                    _ = try await $0.execute(
                        script: "CREATE ROLE seller LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
                }
                await owner.close()
                let seller = postgres.url.replacing("user=postgres", with: "user=seller")
                let environment = ["REDIS_URL": stores.environment["REDIS_URL"] ?? "", "DATABASE_URL": seller]
                try await stores.redis("FLUSHDB")
                let early = try Run("Worker", [], environment)
                try await eventually("it says what is missing") { early.output.contains("run API migrate") }
                #expect(early.output.components(separatedBy: "run API migrate").count == 2, "one line")
                #expect(early.isRunning, "it waits for the migration")

                let migrate = try Run(
                    "API", ["migrate", "--grant-to", "seller"], ["DATABASE_URL": postgres.url, "DEMO": "1"])
                #expect(try await migrate.exitCode() == 0)
                #expect(migrate.output.contains("the schema is up to date"))
                try await eventually("it goes on") { early.output.contains("preparing the ledger works again") }
                early.signal(SIGTERM)
                #expect(try await early.exitCode() == 0)
                try await withPrograms(environment.merging(["DEMO": "true"]) { $1 }) { try await sell($0) }

                let again = try Run("API", ["migrate"], ["DATABASE_URL": postgres.url])
                #expect(try await again.exitCode() == 0)
                #expect(!again.output.contains("ran the migration"))
                let refused = try Run("API", ["migrate"], ["DATABASE_URL": seller])
                #expect(try await refused.exitCode() == 1)
                #expect(refused.output.split(separator: "\n").count == 1)
            }
        }
    }

    @Test func theRelationsToGrantAreAllThatTheSchemaHas() async throws {
        try await withTestStores { test in
            let found = try await test.sql(
                """
                SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'S')
                """)
            #expect(found == Ledger.relations.sorted().joined(separator: " "))
        }
    }

    @Test func migrateStopsWithOneLine() async throws {
        let unreachable = try Run(
            "API", ["migrate"], ["DATABASE_URL": "postgres://u@127.0.0.1:\(try freePort())/db"])
        #expect(try await unreachable.exitCode() == 1)
        #expect(unreachable.output.split(separator: "\n").count == 1)
        let invalid = try Run("API", ["migrate"], ["DATABASE_URL": "postgres://h:x:y/?a=b"])
        #expect(try await invalid.exitCode() == 78)
    }

    // MARK: Partitions

    @Test(arguments: ["API", "Worker"])
    func aProgramWithAnotherNumberOfPartitionsStops(program: String) async throws {
        try await withTestStores { test in
            let environment = test.environment.merging(["PORT": "0"]) { $1 }
            let first = try Run("Worker", [], environment.merging(["PARTITIONS": "2"]) { $1 })
            try await eventually("the number is noted") {
                try await test.sql("SELECT value FROM installation WHERE name = 'partitions'") == "2"
            }
            for number in ["1", "3"] {
                let other = try Run(program, [], environment.merging(["PARTITIONS": number]) { $1 })
                #expect(try await other.exitCode() == 78)
                let lines = other.output.split(separator: "\n")
                #expect(lines.count == 1, "\(other.output)")
                #expect(lines.first?.hasPrefix("\(program): PARTITIONS is \(number)") == true)
                #expect(lines.first?.contains("PARTITIONS=2") == true)
            }
            first.signal(SIGTERM)
            #expect(try await first.exitCode() == 0)
            let change = try Run(
                "API", ["migrate", "--change-partitions"], environment.merging(["PARTITIONS": "3"]) { $1 })
            #expect(try await change.exitCode() == 0)
            let same = try Run(program, [], environment.merging(["PARTITIONS": "3"]) { $1 })
            try await eventually("it runs") { same.output.contains("Redis") || !same.isRunning }
            #expect(same.isRunning)
            same.signal(SIGTERM)
            #expect(try await same.exitCode() == 0)
        }
    }
}
