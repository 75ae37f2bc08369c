import TestSupport
import Testing

@testable import RedisClient

@Suite(.timeLimit(.minutes(10))) struct MetricsRouteTests {
    /// While a store is unavailable, only its own stats are missing.
    @Test func withoutRedisTheOtherMetricsRemain() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis, redisTimeout: .seconds(1)) { test in
                try await test.withAPI { api in
                    #expect(try await api.send("GET", "/metrics").body.contains("ticketblitz_queue_entries "))
                    try await redis.kill()
                    let response = try await api.send("GET", "/metrics")
                    #expect(response.status == 200)
                    #expect(!response.body.contains("ticketblitz_queue_entries "))
                    #expect(response.body.contains("process_cpu_seconds_total "))
                }
            }
        }
    }
}
