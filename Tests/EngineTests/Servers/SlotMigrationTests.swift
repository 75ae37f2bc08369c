import TestSupport
import Testing

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema

/// Scripts on a Redis Cluster that is moving the partition's slot, key by key.
@Suite(.redisAndValkey, .timeLimit(.minutes(10))) struct SlotMigrationTests {
    /// All keys of the partition with their contents.
    private func contents(_ test: TestStores) async throws -> [String: String] {
        let keys = try await test.redis("KEYS", "*").array?.compactMap(\.string) ?? []
        var contents: [String: String] = [:]
        for key in keys { contents[key] = "\(try await test.redis("DUMP", key))" }
        return contents
    }

    /// Without the guard key, the script confirms the order in the event's counters, empties the holds, and is stopped
    /// before it changes the record and queues the order.
    @Test func aTransitionIsRefusedBeforeItRuns() async throws {
        try await withRedisClusterNodes(primaries: 2, isSpread: false) { cluster in
            try await withTestStores(redis: cluster.primaries[0].server) { test in
                let terms = EventTerms(name: "Demo", capacity: 10, maxQuantity: 10, holdSeconds: 600)
                try await test.catalogue.ensure(.demo, terms)
                let order = try await test.hold()
                // The other keys that the script declares, so that all of them are on the source.
                try await test.redis("SET", test.keys.pendingReleases, "0")
                for isKeyed in [false, true] {
                    try await test.redis("ZADD", test.keys.confirmed(withKey: isKeyed), "1", "1|1|1")
                }
                try await cluster.beginMigration(
                    ofTheSlotOf: test.keys.queue, from: cluster.primaries[0], to: cluster.primaries[1])

                let before = try await contents(test)
                let error = await #expect(throws: RedisError.self) {
                    try await test.inventory.change(order, by: .confirm)
                }
                #expect(error?.serverCode == "TRYAGAIN" || error?.serverCode == "ASK")
                #expect(error?.mayHaveRun == false)
                #expect(try await contents(test) == before)
            }
        }
    }
}
