import Foundation
import TestSupport
import Testing

@testable import Domain

/// Events whose sale is over delay neither the start of the programs nor the first sale after a restart of Redis.
/// 20,000 of each kind (the variable OLD_EVENTS sets another number), compared with none.
@Suite(.timeLimit(.minutes(10))) struct OldEventsTests {
    private static let count = ProcessInfo.processInfo.environment["OLD_EVENTS"].flatMap { Int($0) } ?? 20_000

    /// Rows as an import writes them; rows that Redis has or had; archived ones.
    private static let rows = """
        INSERT INTO events (id, name, capacity, max_quantity, closes_at, published_generation, unpublished, archived)
        SELECT kind || i, 'old', 10, 10, now() - interval '2 hours', published, published = 0, archived
        FROM generate_series(1, \(count)) AS i,
            (VALUES ('imported', 0, false), ('closed', 1, false), ('archived', 1, true)) AS k (kind, published, archived)
        """

    private func seconds(_ what: String, _ client: HTTPClient, path: String) async throws -> Double {
        let began = ContinuousClock.now
        try await eventually(what) {
            if path == "/buy" { return (try? await client.send("POST", path, within: .seconds(5)).status) == 202 }
            return (try? await client.send("GET", path, within: .seconds(5)).status) == 200
        }
        return (ContinuousClock.now - began) / .seconds(1)
    }

    private struct Times {
        var start = 0.0
        var rebuild = 0.0
        var resume = 0.0
    }

    private func measure(_ test: TestStores, _ redis: RedisServer) async throws -> Times {
        var times = Times()
        let port = try freePort()
        let api = try Run("API", ["--port", String(port), "--demo", "true"], test.environment)
        let client = HTTPClient(port: port)
        times.start = try await seconds("the API is ready", client, path: "/readyz")
        #expect(try await client.send("POST", "/buy").status == 202)
        try await redis.restart()
        times.resume = try await seconds("Redis sells after a restart", client, path: "/buy")
        _ = try? await test.redis("PING")
        try await eventually("the test is connected") { (try? await test.redis("FLUSHDB")) != nil }
        times.rebuild = try await seconds("Redis sells after it was emptied", client, path: "/buy")
        api.signal(15)
        #expect(try await api.exitCode() == 0)
        return times
    }

    @Test func oldEventsDelayNothing() async throws {
        try await withRedisServer { redis in
            try await withPostgresServer { postgres in
                try await withTestStores(redis: redis, postgres: postgres) { test in
                    let before = try await measure(test, redis)
                    try await test.sql(Self.rows)
                    let after = try await measure(test, redis)
                    print("old events: \(before) without, \(after) with \(3 * Self.count)")
                    #expect(after.start < 2 * before.start + 1)
                    #expect(after.resume < 2 * before.resume + 1)
                    #expect(after.rebuild < 2 * before.rebuild + 1)
                    let keys = try #require(try await test.redis("DBSIZE").integer)
                    #expect(keys < 100, "old events are not in Redis")
                }
            }
        }
    }
}
