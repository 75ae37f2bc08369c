import Foundation
import Glibc
import TestSupport
import Testing

@testable import API
@testable import Domain
@testable import Runtime
@testable import Timing

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
        ("Worker", "WORKER_LEASE_SECONDS", "ten"), ("Worker", "PARTITIONS", "-1"), ("Worker", "LOG_LEVEL", "loud"),
        ("Worker", "LOG_FORMAT", "xml"),
    ])
    func anInvalidValueStopsTheProgramWithOneLine(program: String, name: String, value: String) async throws {
        let run = try start(program, [], [name: value])
        #expect(try await run.exitCode() == 78)
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines.first?.contains(name) == true)
    }

    @Test(arguments: ["API", "Worker"])
    func helpListsEverySetting(program: String) async throws {
        let run = try start(program, ["--help"])
        #expect(try await run.exitCode() == 0)
        var names = ["REDIS_URL", "DATABASE_URL", "DATABASE_POOL_SIZE", "PARTITIONS", "LOG_LEVEL", "LOG_FORMAT"]
        names +=
            program == "API"
            ? [
                "HOST", "PORT", "ADMIN_TOKEN", "DEMO", "MAX_QUEUE_DEPTH", "MAX_CONNECTIONS", "RATE_LIMIT",
                "RATE_LIMIT_BURST", "TRUSTED_PROXIES",
            ]
            : ["WORKER_BATCH_SIZE", "WORKER_LEASE_SECONDS", "METRICS_HOST", "METRICS_PORT"]
        for name in names { #expect(run.output.contains(name)) }
        #expect(run.output.components(separatedBy: "(default:").count - 1 == names.count)
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func aTakenPortIsNamedOnEitherAddressFamily(address: String) async throws {
        let family = address.contains(":") ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let port = try #require(listen(descriptor, family))
        let run = try start("API", ["--port", String(port)])
        #expect(try await run.exitCode() == 1)
        #expect(run.output.contains("port \(port) is taken") && run.output.contains(address))
    }

    @Test func bothStopGracefullyOnASignal() async throws {
        let test = try await TestStores.make()
        let port = try freePort()
        let api = try start(
            "API", ["--port", String(port)], test.environment.merging(["DEMO": "true", "LOG_FORMAT": "json"]) { $1 })
        let worker = try start("Worker", [], test.environment)
        let client = HTTPClient(port: port)
        try await eventually("the API is ready") { (try? await client.send("GET", "/readyz").status) == 200 }
        var accepted: [String] = []
        for _ in 0..<20 {
            let answer = try await client.send("POST", "/buy")
            if answer.status == 202, let id = answer.text("ticket_id") { accepted.append(id) }
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
        try await test.withWorkers { try await test.drained() }
        for id in accepted {
            #expect(try await test.ledger.order(try #require(OrderID(id)))?.state == .confirmed)
        }
        await test.close()
    }

    /// A data volume keeps its first password. One log line explains that, without repetition and without the password.
    @Test(arguments: ["API", "Worker"])
    func aRefusedPasswordIsLoggedInOneLine(program: String) async throws {
        let postgres = try await PostgresServer.start()
        let test = try await TestStores.make(postgres: postgres)
        _ = try await test.sql("ALTER ROLE postgres PASSWORD 'old'")
        try await postgres.demandPasswords()
        let run = try start(
            program, [],
            [
                "REDIS_URL": test.environment["REDIS_URL"] ?? "", "DATABASE_URL": "\(postgres.url) password=a-new-one",
                "PORT": String(try freePort()),
            ])
        try await eventually("the refusal is logged") { run.output.contains("28P01") }
        // Several attempts later there is still one line.
        let attempts = { @Sendable in
            postgres.log.components(separatedBy: "password authentication failed").count - 1
        }
        let before = attempts()
        try await eventually("it tries again") { attempts() > before + 2 }
        let lines = run.output.split(separator: "\n").filter { $0.contains("28P01") }
        #expect(lines.count == 1)
        #expect(!run.output.contains("a-new-one"), "no secret is logged")
        #expect(lines.first?.contains("ALTER ROLE") == true && lines.first?.contains("data folder or volume") == true)
        // The program recovers without a restart.
        _ = try await test.sql("ALTER ROLE postgres PASSWORD 'a-new-one'")
        try await eventually("the program recovers") { run.output.contains("preparing the ledger works again") }
        run.signal(SIGTERM)
        #expect(try await run.exitCode() == 0)
        await test.close()
        try await postgres.stop()
    }

    /// The library of Debian's package faketime for multithreaded programs.
    private static let fakeTime = try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")
        .map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }.first(where: FileManager.default.fileExists(atPath:))

    /// Deadlines, openings and leases are measured with the Redis server's clock: an API whose clock is wrong by an
    /// hour behaves the same.
    @Test(arguments: ["+1h", "-1h"])
    func theClockOfTheAPIChangesNothing(offset: String) async throws {
        let test = try await TestStores.make()
        let now = try await test.redis("TIME").time()
        func after(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: now.milliseconds + seconds * 1000) }
        func ensure(_ id: String, _ terms: EventTerms) async throws {
            try await test.catalogue.ensure(try #require(EventID(id)), terms)
        }
        try await ensure("held", EventTerms(name: "", capacity: 5, holdSeconds: 120))
        try await ensure("soon", EventTerms(name: "", capacity: 5, opensAt: after(600)))
        try await ensure("open", EventTerms(name: "", capacity: 5, opensAt: after(-600), closesAt: after(600)))
        let port = try freePort()
        // The port is in the environment: the library moves the environment, and Swift locates the arguments relative
        // to it. Only the wall clock is wrong; with a wrong monotonic clock sleeps would end an hour late.
        let faked = [
            "PORT": String(port), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "LD_PRELOAD": try #require(Self.fakeTime),
        ]
        let api = try start("API", [], test.environment.merging(faked) { $1 })
        let client = HTTPClient(port: port)
        try await eventually("the API is ready") { (try? await client.send("GET", "/readyz").status) == 200 }
        try await test.withWorkers {
            let key = ["Idempotency-Key": "k"]
            let bought = try await client.send("POST", "/buy", #"{"event":"held"}"#, headers: key)
            let end = try #require(bought.text("expires_at").flatMap { RFC3339.timestamp($0) })
            #expect((110...130).contains((end.milliseconds - now.milliseconds) / 1000))
            let id = try #require(bought.text("ticket_id"))
            // The time in the id comes from the wrong clock; no decision depends on it.
            let made = try #require(OrderID(id)).high >> 16
            #expect(abs(Int64(made) - now.milliseconds) > 3_000_000)
            let settled = try await client.send("GET", "/orders/\(id)?wait=20")
            #expect(settled.text("status") == "held" && settled.json["persisted"] as? Bool == true)
            let claimed = try #require(settled.text("claimed_at").flatMap { RFC3339.timestamp($0) })
            #expect(abs(claimed.milliseconds - now.milliseconds) < 60_000)
            #expect(try await client.send("POST", "/orders/\(id)/confirm").status == 200)
            #expect(try await client.send("POST", "/buy", #"{"event":"held"}"#, headers: key).body == bought.body)
            let early = try await client.send("POST", "/buy", #"{"event":"soon"}"#)
            #expect(early.text("state") == "scheduled")
            #expect((500...600).contains(try #require(early.integer("retry_after_s"))))
            #expect(try await client.send("POST", "/buy", #"{"event":"open"}"#).status == 202)
            #expect(try await client.send("GET", "/events/soon").text("status") == "scheduled")
            #expect(try await client.send("GET", "/events/open").text("status") == "open")
        }
        api.signal(SIGTERM)
        #expect(try await api.exitCode() == 0)
        await test.close()
    }

    /// At the start the programs report settings with which a server may delete or lose acknowledged orders.
    @Test(arguments: ["API", "Worker"])
    func theServersSettingsAreCheckedAtTheStart(program: String) async throws {
        let redis = try await RedisServer.start(options: "--maxmemory-policy allkeys-lru --appendfsync everysec")
        let test = try await TestStores.make(redis: redis)
        let environment = test.environment.merging(["PORT": "0"]) { $1 }
        let refused = try start(program, [], environment)
        #expect(try await refused.exitCode() == 78)
        #expect(refused.output.contains("\(program): Redis's maxmemory-policy is allkeys-lru"))
        try await test.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")
        let warned = try start(program, [], environment)
        try await eventually("it warns") { warned.output.contains("appendfsync is everysec") }
        #expect(warned.output.contains("orders of the last two seconds"))
        await test.close()
        try await redis.kill()
    }

    /// Neither a valid nor an invalid token is logged, at any log level.
    @Test func theAdminTokenIsNeverLogged() async throws {
        let test = try await TestStores.make()
        let port = try freePort()
        let api = try start(
            "API", ["--port", String(port)],
            test.environment.merging(["ADMIN_TOKEN": "right-hush-hush", "LOG_LEVEL": "trace"]) { $1 })
        let client = HTTPClient(port: port)
        try await eventually("the API is ready") { (try? await client.send("GET", "/readyz").status) == 200 }
        for (token, status) in [("right-hush-hush", 201), ("wrong-hush-hush", 401)] {
            let answer = try await client.send(
                "PUT", "/events/e", #"{"capacity":1}"#, headers: ["Authorization": "bearer \(token)"])
            #expect(answer.status == status)
            #expect(!answer.body.contains("hush") && !answer.headers.values.contains { $0.contains("hush") })
        }
        api.signal(SIGTERM)
        #expect(try await api.exitCode() == 0)
        #expect(api.output.contains("event put"), "it logs")
        #expect(!api.output.contains("hush"))
        await test.close()
    }

    @Test func aKilledWorkerLosesNothing() async throws {
        let test = try await TestStores.make()
        try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100_000))
        let first = try start(
            "Worker", [], test.environment.merging(["WORKER_LEASE_SECONDS": "1", "WORKER_BATCH_SIZE": "20"]) { $1 })
        async let sale = test.claimAtOnce(3000)
        try await eventually("it persists orders") { try await test.sql("SELECT count(*) FROM orders") != "0" }
        first.signal(SIGKILL)
        #expect(try await sale.accepted.count == 3000)
        _ = try await first.exitCode()
        try await test.withWorkers(2, lease: .seconds(1)) { try await test.drained() }
        #expect(try await test.sql("SELECT count(*) || ' ' || sum(quantity) FROM orders") == "3000 3000")
        #expect(try await test.isAtRest())
        await test.close()
    }

    /// Listens on a free port of the loopback address of a family, and returns the port.
    private func listen(_ descriptor: Int32, _ family: Int32) -> Int? {
        if family == AF_INET6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_addr.__in6_u.__u6_addr8.15 = 1
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            return withUnsafeMutablePointer(to: &address) { pointer in
                let bound = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 1) == 0
                        && getsockname(descriptor, $0, &length) == 0
                }
                return bound ? Int(UInt16(bigEndian: pointer.pointee.sin6_port)) : nil
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            let bound = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
            return bound ? Int(UInt16(bigEndian: pointer.pointee.sin_port)) : nil
        }
    }
}
