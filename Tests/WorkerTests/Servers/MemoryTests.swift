import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema

/// Workers while the memory of Redis is short.
@Suite(.timeLimit(.minutes(10))) struct MemoryTests {
    /// Sells 3,000 tickets, two of three with a key, and makes the records as old as they must be to go early.
    private func withOldSale(_ body: (TestStores) async throws -> Void) async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 10_000))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<3000 {
                        let purchase = test.purchase(key: number % 3 == 0 ? nil : "k\(number)")
                        group.addTask { _ = try await test.acceptance(of: purchase) }
                    }
                    try await group.waitForAll()
                }
                try await test.withWorkers(batchSize: 100) { try await test.waitUntilDrained() }
                for withKey in [false, true] { try await age(test, test.keys.settled(withKey: withKey)) }
                try await body(test)
            }
        }
    }

    /// Lets the batches of a list be settled half an hour earlier.
    private func age(_ test: TestStores, _ list: String) async throws {
        let script = """
            for i, batch in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
              local at, rest = string.match(batch, '^(%d+)(|.*)$')
              redis.call('LSET', KEYS[1], i - 1, string.format('%d', at - 1800) .. rest)
            end
            """
        try await test.redis("EVAL", script, "1", list)
    }

    private func recordCount(_ test: TestStores, keyed: Bool) async throws -> Int {
        try await test.redis(
            "EVAL", "return #redis.call('KEYS', ARGV[1])", "0", keyed ? "*order:[ab]*" : "*order:[89]*"
        )
        .integer.map { Int($0) } ?? -1
    }

    /// Sets `maxmemory` so that the used memory is a share of it, in percent.
    private func use(_ percent: Int, _ test: TestStores) async throws {
        let used = try await test.stores.redis.connection.memory().used
        try await test.redis("CONFIG", "SET", "maxmemory", String(used * 100 / percent))
    }

    @Test func recordsWithoutKeysGoAboveTheMarkAndThoseWithKeysAfterThem() async throws {
        try await withOldSale { test in
            #expect(try await recordCount(test, keyed: false) == 1000)
            #expect(try await recordCount(test, keyed: true) == 2000)
            // A little above the mark of 70 %: the records without a key are enough to be 5 % below it.
            try await use(71, test)
            try await test.withWorkers(2, lease: .seconds(1)) {
                try await eventually("records have gone") { try await recordCount(test, keyed: false) < 1000 }
                try await eventually("the memory is below the mark") {
                    let memory = try await test.stores.redis.connection.memory()
                    return memory.used < (memory.limit ?? 0) * 70 / 100
                }
            }
            // Far above it.
            try await use(95, test)
            try await test.withWorkers(2, lease: .seconds(1)) {
                try await eventually("all records have gone") {
                    try await recordCount(test, keyed: false) + recordCount(test, keyed: true) == 0
                }
                try await eventually("records of new orders stay until they are old enough") {
                    _ = try await test.acceptance(of: test.purchase())
                    return try await recordCount(test, keyed: false) > 0
                }
            }
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE status = 'confirmed'") != nil)
            let repeated = try await test.inventory.claim(test.purchase(key: "k1"))
            guard case .inLedger = repeated else {
                Issue.record("\(repeated)")
                return
            }
        }
    }

    @Test func recordsStayBelowTheMarkAndWithoutALimit() async throws {
        try await withOldSale { test in
            for percent in [60, 0] {
                if percent > 0 {
                    try await use(percent, test)
                } else {
                    try await test.redis("CONFIG", "SET", "maxmemory", "0")
                }
                try await test.withWorkers(lease: .seconds(1)) {
                    let before = try await test.redis("ZCARD", test.keys.workers).integer ?? 0
                    try await eventually("the worker is maintaining") {
                        try await test.redis("ZCARD", test.keys.workers).integer ?? 0 >= before
                    }
                    _ = try await test.acceptance(of: test.purchase())
                    try await test.waitUntilDrained()
                }
                #expect(try await recordCount(test, keyed: true) == 2000)
            }
        }
    }
}
