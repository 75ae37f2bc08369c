import Foundation
import NIOCore
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import RedisSchema

/// The overview of running APIs.
@Suite(.timeLimit(.minutes(15))) struct OverviewServerTests {
    private static let admin = ["Authorization": "Bearer secret"]

    /// The counts of all samples.
    private struct Sums: Equatable {
        var accepted = 0
        var replayed = 0
        var failed = 0
        var refused: [String: Int] = [:]

        init(accepted: Int = 0, replayed: Int = 0, failed: Int = 0, refused: [String: Int] = [:]) {
            self.accepted = accepted
            self.replayed = replayed
            self.failed = failed
            self.refused = refused
        }

        init(_ json: [String: Any]) {
            for sample in json["samples"] as? [[String: Any]] ?? [] {
                accepted += sample["accepted"] as? Int ?? 0
                replayed += sample["replayed"] as? Int ?? 0
                failed += sample["failed"] as? Int ?? 0
                for (code, count) in sample["refused"] as? [String: Int] ?? [:] { refused[code, default: 0] += count }
            }
        }
    }

    private func sums(_ api: HTTPClient) async throws -> Sums {
        let response = try await api.send("GET", "/admin/overview", headers: Self.admin)
        guard response.status == 200 else { throw GaveUp(description: "\(response)") }
        return Sums(response.json)
    }

    /// The sums when they meet a condition, or the last ones after a minute.
    private func sums(_ api: HTTPClient, when condition: (Sums) -> Bool) async throws -> Sums {
        let end = ContinuousClock.now + .seconds(60)
        var last = Sums()
        repeat {
            // A reading fails while the API's connection for readings is being opened again.
            if let found = try? await sums(api) { last = found }
            if condition(last) { break }
            try await Task.sleep(for: .milliseconds(100))
        } while ContinuousClock.now < end
        return last
    }

    private func expect(_ wanted: Sums, from api: HTTPClient, _ what: String) async throws {
        let found = try await sums(api) { $0 == wanted }
        #expect(found == wanted, "\(what)")
    }

    /// Waits until the process has counted and written what came before.
    private func waitForAnInterval() async throws {
        let end = ContinuousClock.now + .milliseconds(IntervalFigures.length + 500)
        try await eventually("an interval has passed") { ContinuousClock.now > end }
    }

    // MARK: Counts

    @Test(.bothWays) func purchasesOfAllProcessesCountOnceByTheirResponse() async throws {
        try await withTestStores { test in
            try await test.withAPI { first in
                try await test.withAPI { second in
                    _ = try await first.send("POST", "/reset", #"{"capacity":6}"#)
                    let key = ["Idempotency-Key": "k"]
                    for api in [first, second] {
                        for _ in 0..<2 { #expect(try await api.send("POST", "/buy").status == 202) }
                        #expect(try await api.send("POST", "/buy", headers: key).status == 202)
                    }
                    #expect(try await second.send("POST", "/buy").status == 202)
                    // Most of these are refused without a call of Redis.
                    for _ in 0..<4 { #expect(try await first.send("POST", "/buy").status == 410) }
                    #expect(try await second.send("POST", "/buy", #"{"event":"none"}"#).status == 404)
                    #expect(try await second.send("POST", "/buy", #"{"quantity":0}"#).status == 400)
                    #expect(try await first.send("POST", "/buy", #"{"quantity":2}"#, headers: key).status == 422)
                    let expected = Sums(
                        accepted: 6, replayed: 1,
                        refused: [
                            "sold-out": 4, "event-not-found": 1, "invalid-request": 1, "idempotency-key-reused": 1,
                        ])
                    for api in [first, second] { try await expect(expected, from: api, "\(ResponseWay.current)") }
                }
                try await expect(
                    Sums(
                        accepted: 6, replayed: 1,
                        refused: [
                            "sold-out": 4, "event-not-found": 1, "invalid-request": 1, "idempotency-key-reused": 1,
                        ]), from: first, "after the end of the other")
            }
        }
    }

    @Test func whatAProcessHasCountedIsWrittenAtItsEnd() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await test.withAPI { ending in
                    for _ in 0..<3 { _ = try await ending.send("POST", "/buy") }
                }
                try await expect(Sums(accepted: 3), from: api, "the other process has ended")
            }
        }
    }

    @Test func theQueueIsSampledUntilItIsEmpty() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for _ in 0..<3 { _ = try await api.send("POST", "/buy") }
                @Sendable func depths() async throws -> [Int] {
                    let json = try await api.send("GET", "/admin/overview", headers: Self.admin).json
                    return (json["samples"] as? [[String: Any]] ?? []).compactMap { $0["depth"] as? Int }
                }
                try await eventually("two intervals have the queue's depth", within: 60) {
                    try await depths().filter { $0 == 3 }.count >= 2
                }
                let json = try await api.send("GET", "/admin/overview", headers: Self.admin).json
                #expect((json["queue"] as? [String: Any])?["depth"] as? Int == 3)
                let samples = try #require(json["samples"] as? [[String: Any]])
                #expect((samples.last?["oldest_age_ms"] as? Int ?? 0) > 0)
                try await test.withWorkers { try await test.waitUntilDrained() }
                try await waitForAnInterval()
                try await waitForAnInterval()
                let count = try await depths().count
                try await waitForAnInterval()
                #expect(try await depths().count <= count + 1, "an empty queue is not sampled any more")
            }
        }
    }

    @Test func anIdleServiceWritesNothing() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await waitForAnInterval()
                #expect(try await test.redis("KEYS", "tb:figures*").array?.isEmpty == true)
                _ = try await api.send("POST", "/buy")
                try await eventually("there are figures", within: 30) {
                    try await test.redis("KEYS", "tb:figures*").array?.isEmpty == false
                }
                let key = try #require(try await test.redis("KEYS", "tb:figures*").array?.first?.string)
                let lifetime = try #require(try await test.redis("TTL", key).integer)
                #expect((600...660).contains(lifetime))
            }
        }
    }

    /// Counts are kept while Redis is away and written afterwards, and none is written twice.
    @Test func countsSurviveRestartsOfBothStores() async throws {
        try await withRedisServer { redis in
            try await withPostgresServer { postgres in
                try await withTestStores(redis: redis, postgres: postgres, redisTimeout: .seconds(1)) { test in
                    try await test.withAPI { api in
                        for _ in 0..<2 { #expect(try await api.send("POST", "/buy").status == 202) }
                        #expect(try await sums(api) { $0.accepted == 2 }.accepted == 2)
                        // This one is counted, and Redis is away when its interval ends.
                        #expect(try await api.send("POST", "/buy").status == 202)
                        try await redis.kill()
                        var failed = 0
                        for _ in 0..<2 where try await api.send("POST", "/buy").status == 503 { failed += 1 }
                        #expect(failed == 2)
                        try await waitForAnInterval()
                        #expect(try await api.send("GET", "/admin/overview", headers: Self.admin).status == 503)
                        try await redis.restart()
                        try await postgres.stop()
                        try await postgres.restart()
                        try await api.waitUntilReady { test.log.text }
                        let end = ContinuousClock.now + .seconds(60)
                        while try await api.send("POST", "/buy").status != 202, ContinuousClock.now < end {
                            failed += 1
                        }
                        // Purchases while Redis was away are failures, or refusals because of the recovery.
                        let wanted = failed
                        let last = try await sums(api) {
                            $0.accepted == 4 && $0.failed + ($0.refused["recovering"] ?? 0) == wanted
                        }
                        #expect(last.accepted == 4)
                        #expect(last.failed + (last.refused["recovering"] ?? 0) == wanted, "\(last)")
                        try await waitForAnInterval()
                        #expect(try await sums(api) { $0 == last } == last)
                    }
                }
            }
        }
    }

    // MARK: The document

    @Test func theDocumentHasItsMembers() async throws {
        try await withTestStores(partitions: 3) { test in
            try await test.withAPI { api in
                let response = try await api.send("GET", "/admin/overview", headers: Self.admin)
                #expect(response.status == 200)
                #expect(response.headers["cache-control"] == "no-store")
                let json = response.json
                #expect(json["interval_s"] as? Int == 5)
                #expect((json["partitions"] as? [[String: Any]])?.map { $0["partition"] as? Int } == [0, 1, 2])
                #expect((json["recovery"] as? [String: Any])?["phase"] as? String == "complete")
                #expect((json["purchases"] as? [String: Any])?["accepted_per_s"] as? Double == 0)
                #expect((json["samples"] as? [Any])?.isEmpty == true)
                for path in ["/admin/overview", "/admin/overview/live"] {
                    #expect(try await api.send("GET", path).status == 401)
                    #expect(try await api.send("POST", path, headers: Self.admin).status == 405)
                }
            }
        }
    }

    // MARK: Live

    @Test func theFirstMessageHasAllSamplesAndLaterOnesTheNewest() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for _ in 0..<3 {
                    _ = try await api.send("POST", "/buy")
                    try await waitForAnInterval()
                }
                try await eventually("there are three samples", within: 30) {
                    let json = try await api.send("GET", "/admin/overview", headers: Self.admin).json
                    return (json["samples"] as? [Any] ?? []).count >= 3
                }
                try await api.watch("/admin/overview/live", headers: Self.admin) { stream in
                    let head = try await stream.head().lowercased()
                    for field in [
                        "content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no",
                        "transfer-encoding: chunked", "x-request-id: ",
                    ] { #expect(head.contains("\r\n\(field)"), "\(head)") }
                    #expect(try await stream.next()?.retry != nil)
                    let first = try await stream.next { _ in true }
                    #expect(first.name == "overview")
                    #expect((first.json["samples"] as? [Any])?.count ?? 0 >= 3)
                    let start = ContinuousClock.now
                    for _ in 0..<3 {
                        let message = try await stream.next { _ in true }
                        #expect(message.name == "overview")
                        #expect((message.json["samples"] as? [Any])?.count == 2)
                        #expect(message.text("at") != first.text("at"))
                    }
                    #expect(ContinuousClock.now - start > .milliseconds(1500), "once a second")
                }
            }
        }
    }

    @Test func fiftyClientsWatchAtATime() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let request = "GET /admin/overview/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n"
                var viewers: PlainSockets? = try await PlainSockets(50, to: api.port)
                try await viewers?.send(request)
                #expect(try await viewers?.statusLines(within: 60) == ["HTTP/1.1 200 OK": 50])
                let refused = try await api.send("GET", "/admin/overview/live", headers: Self.admin)
                #expect(refused.status == 503)
                #expect(refused.text("code") == "too-many-viewers")
                #expect(refused.headers["retry-after"] != nil)
                #expect(try await api.send("GET", "/admin/overview", headers: Self.admin).status == 200)
                viewers = nil
                try await eventually("the places are free again", within: 30) {
                    try await api.send("HEAD", "/admin/overview/live", headers: Self.admin).status == 200
                }
            }
        }
    }

    @Test func theStreamContinuesAfterRedisWasAway() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis, redisTimeout: .seconds(1)) { test in
                try await test.withAPI { api in
                    try await api.watch("/admin/overview/live", headers: Self.admin) { stream in
                        _ = try await stream.next { _ in true }
                        try await redis.kill()
                        try await stream.comment()
                        try await redis.restart()
                        _ = try await stream.next { $0.name == "overview" }
                    }
                }
            }
        }
    }

    @Test func theShutdownEndsTheStreams() async throws {
        try await withTestStores { test in
            let (streams, begun) = AsyncStream.makeStream(of: Void.self)
            let end = ContinuousClock.now
            let reader = try await test.withAPI { api in
                let reader = Task {
                    try await api.watch("/admin/overview/live", headers: Self.admin) { stream in
                        _ = try await stream.next { _ in true }
                        begun.yield()
                        var last: LiveReader.Message?
                        while let message = try await stream.next() { last = message }
                        return (last?.retry, stream.isComplete)
                    }
                }
                for await _ in streams { break }
                return reader
            }
            let (retry, isComplete) = try await reader.value
            #expect((1000...5000).contains(retry ?? 0))
            #expect(isComplete, "the response is complete")
            #expect(ContinuousClock.now - end < .seconds(60))
        }
    }
}
