import Foundation
import TestSupport
import Testing

@testable import API
@testable import Domain
@testable import Engine

/// Clients that look at events.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct EventViewServerTests {
    private let admin = ["Authorization": "Bearer secret"]

    /// The number of times that Redis has run a command.
    private func calls(_ command: String, _ test: TestStores) async throws -> Int {
        let stats = try await test.redis("INFO", "commandstats").string ?? ""
        let line = stats.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):calls=") }
        return line.flatMap { Int($0.split(separator: ",")[0].split(separator: "=")[1]) } ?? 0
    }

    /// Polls for a time, and returns the statuses.
    private func poll(
        _ api: HTTPClient, for time: Duration, clients: Int, _ path: @escaping @Sendable (Int) -> String
    ) async throws -> [Int: Int] {
        let end = ContinuousClock.now + time
        return try await withThrowingTaskGroup(of: [Int: Int].self) { group in
            for client in 0..<clients {
                group.addTask {
                    var statuses: [Int: Int] = [:]
                    while ContinuousClock.now < end {
                        statuses[try await api.send("GET", path(client)).status, default: 0] += 1
                    }
                    return statuses
                }
            }
            return try await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        }
    }

    @Test func pollsCostRedisTenReadsASecond() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.withAPI { api in
                    let before = try await calls("hgetall", test)
                    let start = ContinuousClock.now
                    let statuses = try await poll(api, for: .seconds(2), clients: 20) { _ in "/events/demo" }
                    let seconds = (ContinuousClock.now - start) / .seconds(1)
                    let reads = try await calls("hgetall", test) - before
                    #expect(Double(reads) <= 10 * seconds + 2, "\(reads) reads in \(seconds) s")
                    #expect(statuses.keys.sorted() == [200])
                    #expect(statuses[200] ?? 0 > 5 * reads, "\(statuses) polls")
                    let after = try await calls("hgetall", test)
                    try await Task.sleep(for: .seconds(1))
                    #expect(try await calls("hgetall", test) == after, "nothing is read while nobody asks")
                }
            }
        }
    }

    /// An event, its list, and a client with a different If-None-Match each time: all share the readings.
    @Test func allWaysToLookShareTheReadings() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.withAPI(demo: false) { api in
                    _ = try await api.send("PUT", "/events/a", #"{"capacity":5}"#, headers: admin)
                    let before = try await calls("hgetall", test)
                    let start = ContinuousClock.now
                    let paths = ["/events/a", "/events", "/events?limit=7", "/events/a?x", "//events/a"]
                    let statuses = try await poll(api, for: .seconds(2), clients: 20) { paths[$0 % paths.count] }
                    let seconds = (ContinuousClock.now - start) / .seconds(1)
                    let reads = try await calls("hgetall", test) - before
                    #expect(Double(reads) <= 10 * seconds + 2, "\(reads) reads in \(seconds) s")
                    #expect(statuses.keys.sorted() == [200])
                }
            }
        }
    }

    @Test func anUnknownEventCostsTenReadsASecondToo() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.withAPI { api in
                    let before = try await calls("hgetall", test)
                    let start = ContinuousClock.now
                    let statuses = try await poll(api, for: .seconds(1), clients: 20) { _ in "/events/nowhere" }
                    let seconds = (ContinuousClock.now - start) / .seconds(1)
                    let reads = try await calls("hgetall", test) - before
                    #expect(Double(reads) <= 10 * seconds + 2, "\(reads) reads in \(seconds) s")
                    #expect(statuses.keys.sorted() == [404])
                }
            }
        }
    }

    @Test func anAdministratorReadsTheEventAsItIs() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.withAPI { api in
                    for left in [99, 98, 97, 96] {
                        #expect(try await api.send("POST", "/buy").status == 202)
                        #expect(try await api.sendFresh("/events/demo").integer("available") == left)
                        let list = try await api.sendFresh("/events")
                        let events = list.json["events"] as? [[String: Any]] ?? []
                        #expect(events.first?["available"] as? Int == left)
                        #expect(try await api.send("GET", "/events/demo").integer("available") == left)
                    }
                    // Others cannot cause a reading.
                    let before = try await calls("hgetall", test)
                    let start = ContinuousClock.now
                    for number in 0..<100 {
                        let token = ["secre", "", "Secret", "secret2"][number % 4]
                        #expect(try await api.sendFresh("/events/demo", token: token).status == 200)
                        let anonymous = ["Cache-Control": "no-cache", "Pragma": "no-cache"]
                        #expect(try await api.send("GET", "/events/demo", headers: anonymous).status == 200)
                    }
                    let seconds = (ContinuousClock.now - start) / .seconds(1)
                    let reads = try await calls("hgetall", test) - before
                    #expect(Double(reads) <= 10 * seconds + 2, "\(reads) reads in \(seconds) s")
                }
            }
        }
    }

    @Test func aChangeIsInTheNextResponse() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for capacity in 1...30 {
                    let put = try await api.send("PUT", "/events/a", "{\"capacity\":\(capacity)}", headers: admin)
                    let event = try await api.send("GET", "/events/a")
                    #expect(event.integer("capacity") == capacity)
                    #expect(event.headers["etag"] == put.headers["etag"])
                    #expect(try await api.send("GET", "/events?after=a0").status == 200)
                    #expect(try await api.send("GET", "/events?limit=1").body == #"{"events":[\#(event.body)]}"#)
                }
                _ = try await api.send("POST", "/buy", #"{"event":"a"}"#)
                _ = try await api.send("POST", "/reset", #"{"event":"a","capacity":7}"#)
                #expect(try await api.send("GET", "/events/a").integer("available") == 7)
                #expect(try await api.send("GET", "/events/b").status == 404)
                #expect(try await api.send("PUT", "/events/b", #"{"capacity":1}"#, headers: admin).status == 201)
                #expect(try await api.send("GET", "/events/b").status == 200)
                #expect(try await api.send("DELETE", "/events/b", headers: admin).status == 204)
                #expect(try await api.send("GET", "/events/b").status == 404)
            }
        }
    }

    @Test func whatClientsMayKeep() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let shared = "public, max-age=0, s-maxage=1"
                for path in ["/events/demo", "/events", "/events?limit=1"] {
                    let first = try await api.send("GET", path)
                    #expect(first.headers["cache-control"] == shared, "\(path)")
                    let tag = try #require(first.headers["etag"])
                    for value in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                        let same = try await api.send("GET", path, headers: ["If-None-Match": value])
                        #expect(same.status == 304, "\(path) \(value)")
                        #expect(same.body.isEmpty)
                        #expect(same.headers["etag"] == tag)
                        #expect(same.headers["cache-control"] == shared)
                        #expect(same.headers["content-type"] == nil)
                        #expect(same.headers["x-request-id"] != nil)
                    }
                    #expect(try await api.send("GET", path, headers: ["If-None-Match": "\"x\""]).body == first.body)
                    #expect(try await api.send("GET", path, headers: ["If-None-Match": "x"]).status == 400)
                    let head = try await api.send("HEAD", path)
                    #expect(head.headers["etag"] == tag)
                    #expect(head.headers["cache-control"] == shared)
                    #expect(head.headers["content-length"] == String(first.body.utf8.count))
                }
                #expect(try await api.send("GET", "/events/nowhere").headers["cache-control"] == shared)
                #expect(try await api.send("GET", "/events/a%20b").headers["cache-control"] == "no-store")
                #expect(
                    try await api.send("DELETE", "/events/nowhere", headers: admin).headers["cache-control"]
                        == "no-store")
            }
        }
    }

    @Test func withoutAStoreTheResponseIs503() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis, redisTimeout: .seconds(1)) { test in
                try await test.withAPI { api in
                    #expect(try await api.send("GET", "/events/demo").status == 200)
                    try await redis.kill()
                    try await eventually("the last reading is too old") {
                        try await api.send("GET", "/events/demo").status == 503
                    }
                    for path in ["/events/demo", "/events/nowhere", "/events"] {
                        let response = try await api.send("GET", path)
                        #expect(response.text("code") == "store-unavailable", "\(path)")
                        #expect(response.headers["retry-after"] == "1")
                        #expect(response.headers["cache-control"] == "no-store")
                    }
                    try await redis.restart()
                    try await eventually("the event is read again") {
                        try await api.send("GET", "/events/demo").status == 200
                    }
                }
            }
        }
    }
}
