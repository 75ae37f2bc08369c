import Foundation
import Glibc
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain

/// The programs as processes.
@Suite(.timeLimit(.minutes(10))) struct ProgramTests {
    private func start(_ program: String, _ arguments: [String] = [], _ environment: [String: String] = [:]) throws
        -> Run
    {
        try Run(program, arguments, environment)
    }

    @Test(arguments: [
        ("API", "PORT", "abc"), ("API", "PORT", "70000"), ("API", "DEMO", "maybe"), ("API", "REDIS_URL", "http://x"),
        ("API", "DATABASE_URL", "postgres://h:x:y/?a=b"), ("API", "MAX_QUEUE_DEPTH", "0"),
        ("API", "RATE_LIMIT", "-1"), ("API", "TRUSTED_PROXIES", "10.0.0.0/99"), ("Worker", "WORKER_BATCH_SIZE", "0"),
        ("Worker", "WORKER_LEASE_SECONDS", "ten"), ("Worker", "RECORD_MEMORY_MARK", "9"),
        ("Worker", "WEBHOOK_CONCURRENCY", "0"), ("Worker", "WEBHOOK_CA_FILE", "/nowhere"),
        ("Worker", "PARTITIONS", "-1"), ("Worker", "LOG_LEVEL", "loud"),
        ("Worker", "LOG_FORMAT", "xml"), ("API", "DATABASE_POOLER", "statement"),
        ("API", "CUSTOMER_TOKENS_KEY", "HS256:short"),
        ("API", "CUSTOMER_TOKENS_AUDIENCE", "shop"),
    ])
    func anInvalidValueStopsTheProgramWithOneLine(program: String, name: String, value: String) async throws {
        let run = try start(program, [], [name: value])
        #expect(try await run.exitCode() == 78)
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines.first?.contains(name) == true)
    }

    @Test(arguments: ["API", "Worker"])
    func theHelpTextListsEverySetting(program: String) async throws {
        let run = try start(program, ["--help"])
        #expect(try await run.exitCode() == 0)
        var names = [
            "REDIS_URL", "DATABASE_URL", "DATABASE_POOL_SIZE", "DATABASE_POOLER", "PARTITIONS", "DURABILITY",
            "LOG_LEVEL",
            "LOG_FORMAT",
        ]
        names +=
            program == "API"
            ? [
                "HOST", "PORT", "ADMIN_TOKEN", "ADMIN_TOKENS_FILE", "CUSTOMER_TOKENS_KEY", "CUSTOMER_TOKENS_AUDIENCE",
                "DEMO",
                "MAX_QUEUE_DEPTH", "MAX_CONNECTIONS",
                "MAX_CONNECTIONS_PER_ADDRESS", "IDLE_TIMEOUT", "RATE_LIMIT",
                "RATE_LIMIT_BURST", "TRUSTED_PROXIES", "PROOF_URL", "PROOF_TIMEOUT", "PROOF_FAILURE",
                "WEBHOOK_ALLOW_PRIVATE",
            ]
            : [
                "WORKER_BATCH_SIZE", "WORKER_LEASE_SECONDS", "RECORD_MEMORY_MARK", "WEBHOOK_CONCURRENCY",
                "WEBHOOK_KEEP_HOURS",
                "WEBHOOK_CA_FILE", "WEBHOOK_ALLOW_PRIVATE", "METRICS_HOST", "METRICS_PORT",
            ]
        for name in names { #expect(run.output.contains(name)) }
        #expect(run.output.components(separatedBy: "(default:").count - 1 == names.count)
    }

    @Test func bothProgramsStopGracefullyOnASignal() async throws {
        try await withTestStores { test in
            let port = try freePort()
            let api = try start(
                "API", ["--port", String(port)],
                test.environment.merging(["DEMO": "true", "LOG_FORMAT": "json"]) { $1 })
            let worker = try start("Worker", [], test.environment)
            let client = HTTPClient(port: port)
            try await eventually("the API is ready") { (try? await client.send("GET", "/readyz").status) == 200 }
            var accepted: [String] = []
            for _ in 0..<20 {
                let response = try await client.send("POST", "/buy")
                if response.status == 202, let id = response.text("ticket_id") { accepted.append(id) }
            }
            #expect(!accepted.isEmpty)
            // A worker that is still starting may not handle signals yet, so the test waits for its first order.
            let first = try #require(accepted.first)
            #expect(try await client.send("GET", "/orders/\(first)?wait=20").text("status") == "confirmed")
            api.signal(SIGINT)
            worker.signal(SIGTERM)
            #expect(try await api.exitCode() == 0)
            #expect(try await worker.exitCode() == 0)
            for line in api.output.split(separator: "\n") {
                #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "not JSON: \(line)")
            }
            try await test.withWorkers { try await test.waitUntilDrained() }
            for id in accepted {
                #expect(try await test.ledger.order(try #require(OrderID(id)))?.state == .confirmed)
            }
        }
    }

    /// A data volume keeps its first password. One log line explains that, without repetition and without the password.
    @Test(arguments: ["API", "Worker"])
    func aRefusedPasswordIsLoggedInOneLine(program: String) async throws {
        try await withPostgresServer { postgres in
            try await withTestStores(postgres: postgres) { test in
                _ = try await test.sql("ALTER ROLE postgres PASSWORD 'old'")
                try await postgres.demandPasswords()
                let run = try start(
                    program, [],
                    [
                        "REDIS_URL": test.environment["REDIS_URL"] ?? "",
                        "DATABASE_URL": "\(postgres.url) password=a-new-one",
                        "PORT": String(try freePort()),
                    ])
                try await eventually("the refusal is logged") { run.output.contains("28P01") }
                // Several attempts later there is still one line.
                let attempts = { @Sendable in
                    postgres.log.components(separatedBy: "password authentication failed").count - 1
                }
                let before = attempts()
                try await eventually("the program connects again") { attempts() > before + 2 }
                let lines = run.output.split(separator: "\n").filter { $0.contains("28P01") }
                #expect(lines.count == 1)
                #expect(!run.output.contains("a-new-one"), "no secret is logged")
                #expect(lines.first?.contains("ALTER ROLE") == true)
                #expect(lines.first?.contains("data folder or volume") == true)
                // The program recovers without a restart.
                _ = try await test.sql("ALTER ROLE postgres PASSWORD 'a-new-one'")
                try await eventually("the program recovers") { run.output.contains("preparing the ledger works again") }
                run.signal(SIGTERM)
                #expect(try await run.exitCode() == 0)
            }
        }
    }

    /// At the start the programs report settings with which a server may delete or lose acknowledged orders.
    @Test(arguments: ["API", "Worker"])
    func theSettingsOfTheServersAreCheckedAtTheStart(program: String) async throws {
        try await withRedisServer(options: "--maxmemory-policy allkeys-lru --appendfsync everysec") { redis in
            try await withTestStores(redis: redis) { test in
                let environment = test.environment.merging(["PORT": "0"]) { $1 }
                let refused = try start(program, [], environment)
                #expect(try await refused.exitCode() == 78)
                #expect(refused.output.contains("\(program): Redis's maxmemory-policy is allkeys-lru"))
                try await test.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")
                let warned = try start(program, [], environment)
                try await eventually("the program warns") { warned.output.contains("appendfsync is everysec") }
                #expect(warned.output.contains("orders of the last two seconds"))
            }
        }
    }
}
