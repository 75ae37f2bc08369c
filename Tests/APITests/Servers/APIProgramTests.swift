import Foundation
import Glibc
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import RedisClient
@testable import RedisSchema
@testable import Runtime

/// The API as a process.
@Suite(.timeLimit(.minutes(10))) struct APIProgramTests {
    private func start(_ program: String, _ arguments: [String] = [], _ environment: [String: String] = [:]) throws
        -> Run
    {
        try Run(program, arguments, environment)
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func aPortInUseIsNamedForBothAddressFamilies(address: String) async throws {
        let family = address.contains(":") ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let port = try #require(listen(descriptor, family))
        let run = try start("API", ["--port", String(port)])
        #expect(try await run.exitCode() == 1)
        #expect(run.output.contains("port \(port) is taken"))
        #expect(run.output.contains(address))
    }

    /// The library of Debian's package faketime for multithreaded programs.
    private static let fakeTime = try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")
        .map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }.first(where: FileManager.default.fileExists(atPath:))

    /// Starts the API, again if it is not ready: on a busy machine the library returns the wrong time for the monotonic clock
    /// too, once in some thousand calls, and a sleep of 10 ms that begins then takes the hour of the offset.
    private func startWithWrongClock(_ client: HTTPClient, _ environment: [String: String]) async throws -> Run {
        for _ in 0..<10 {
            let api = try start("API", [], environment)
            do {
                try await client.waitUntilReady(within: 20) { api.output }
                return api
            } catch is GaveUp {
                api.signal(SIGKILL)
                _ = try await api.exitCode()
            }
        }
        throw GaveUp(description: "the API with a wrong clock is not ready")
    }

    /// Deadlines, openings and leases are measured with the Redis server's clock: an API whose clock is wrong by an
    /// hour behaves the same.
    @Test(arguments: ["+1h", "-1h"])
    func aWrongClockOfTheAPIChangesNoDecision(offset: String) async throws {
        try await withTestStores { test in
            let now = try await test.redis("TIME").time()
            func after(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: now.milliseconds + seconds * 1000) }
            func ensure(_ id: String, _ terms: EventTerms) async throws {
                try await test.catalogue.ensure(try #require(EventID(id)), terms)
            }
            try await ensure("held", EventTerms(name: "", capacity: 5, holdSeconds: 120))
            try await ensure("soon", EventTerms(name: "", capacity: 5, opensAt: after(600)))
            try await ensure("open", EventTerms(name: "", capacity: 5, opensAt: after(-600), closesAt: after(600)))
            let port = try freePort()
            // The port is in the environment: the library moves the environment, and Swift locates the arguments
            // relative to it. Only the wall clock is wrong; with a wrong monotonic clock sleeps would end an hour late.
            let faked = [
                "PORT": String(port), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "LD_PRELOAD": try #require(Self.fakeTime),
            ]
            let client = HTTPClient(port: port)
            let api = try await startWithWrongClock(client, test.environment.merging(faked) { $1 })
            try await test.withWorkers {
                let key = ["Idempotency-Key": "k"]
                let now = try await test.redis("TIME").time()
                let bought = try await client.send("POST", "/buy", #"{"event":"held"}"#, headers: key)
                let end = try #require(bought.text("expires_at").flatMap { RFC3339.timestamp($0) })
                #expect((110...130).contains((end.milliseconds - now.milliseconds) / 1000))
                let id = try #require(bought.text("ticket_id"))
                // The time in the id comes from the wrong clock; no decision depends on it.
                let made = try #require(OrderID(id)).high >> 16
                #expect(abs(Int64(made) - now.milliseconds) > 3_000_000)
                let settled = try await client.send("GET", "/orders/\(id)?wait=20")
                #expect(settled.text("status") == "held")
                #expect(settled.json["persisted"] as? Bool == true)
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
        }
    }

    /// Neither a valid nor an invalid token is logged, at any log level.
    @Test func theAdminTokenIsNeverLogged() async throws {
        try await withTestStores { test in
            let port = try freePort()
            let api = try start(
                "API", ["--port", String(port)],
                test.environment.merging(["ADMIN_TOKEN": "right-hush-hush", "LOG_LEVEL": "trace"]) { $1 })
            let client = HTTPClient(port: port)
            try await client.waitUntilReady { api.output }
            for (token, status) in [("right-hush-hush", 201), ("wrong-hush-hush", 401)] {
                let response = try await client.send(
                    "PUT", "/events/e", #"{"capacity":1}"#, headers: ["Authorization": "bearer \(token)"])
                #expect(response.status == status)
                #expect(!response.body.contains("hush"))
                #expect(!response.headers.values.contains { $0.contains("hush") })
            }
            api.signal(SIGTERM)
            #expect(try await api.exitCode() == 0)
            #expect(api.output.contains("event put"), "the request is logged")
            #expect(!api.output.contains("hush"))
        }
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
