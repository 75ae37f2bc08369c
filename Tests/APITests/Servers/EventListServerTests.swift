import Foundation
import TestSupport
import Testing

@testable import API
@testable import Domain
@testable import Engine

@Suite(.timeLimit(.minutes(10))) struct EventListServerTests {
    @Test func aListIsCurrentAndComplete() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let admin = ["Authorization": "Bearer secret"]
                for number in 100..<175 {
                    let put = try await api.send("PUT", "/events/e\(number)", #"{"capacity":5}"#, headers: admin)
                    #expect(put.status == 201)
                    // The client that has created an event finds it at once.
                    let page = try await api.send("GET", "/events?limit=1000")
                    let ids = (page.json["events"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                    #expect(ids == ["demo"] + (100...number).map { "e\($0)" } + ["lab-queue"])
                }
                let one = try await api.send("GET", "/events/e100")
                let list = try await api.send("GET", "/events?after=demo&limit=1")
                #expect(list.body == #"{"events":[\#(one.body)]}"#)
                #expect(list.headers["content-type"] == "application/json")
                let start = ContinuousClock.now
                _ = try await api.send("POST", "/buy", #"{"event":"e100","quantity":2}"#)
                try await eventually("the purchase is in the list") {
                    let page = try await api.send("GET", "/events?after=demo&limit=1")
                    let events = page.json["events"] as? [[String: Any]] ?? []
                    return events.first?["available"] as? Int == 3
                }
                #expect(ContinuousClock.now - start < .seconds(10))
                #expect(try await api.send("HEAD", "/events").headers["content-length"] != "0")
                #expect(try await api.send("GET", "/events?limit=0").status == 400)
            }
        }
    }

    /// A thousand clients that list a thousand events at the same time cost a few readings.
    @Test func manyListsCostFewReadings() async throws {
        try await withTestStores { test in
            try await test.sql(
                """
                INSERT INTO events (id, name, capacity, max_quantity)
                SELECT 'e' || lpad(n::text, 4, '0'), 'event', 10, 10 FROM generate_series(1, 1000) n
                """)
            try await test.withAPI { api in
                let calls = try await test.redis("INFO", "commandstats").string ?? ""
                let before = hgetallCalls(calls)
                let start = ContinuousClock.now
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<200 {
                        group.addTask { try await api.send("GET", "/events?limit=1000").body.utf8.count }
                    }
                    for try await size in group { #expect(size > 100_000) }
                }
                let took = ContinuousClock.now - start
                let readings = (hgetallCalls(try await test.redis("INFO", "commandstats").string ?? "") - before) / 1000
                // One for each 100 ms, and one that begins with the first request. Other tests use the same Redis.
                #expect(Double(readings) < took / .milliseconds(100) + 60, "\(readings) readings in \(took)")
            }
        }
    }

    private func hgetallCalls(_ stats: String) -> Int {
        stats.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_hgetall:calls=") }
            .flatMap { $0.split(whereSeparator: { "=,".contains($0) }).dropFirst().first }.flatMap { Int($0) } ?? 0
    }
}
