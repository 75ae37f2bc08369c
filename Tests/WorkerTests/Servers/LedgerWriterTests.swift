import Glibc
import RedisClient
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain

@Suite(.timeLimit(.minutes(10))) struct LedgerWriterTests {
    /// Stores with the event `demo`.
    private func withSale(
        redis: RedisServer? = nil, postgres: PostgresServer? = nil, capacity: Int = 100_000,
        _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores(redis: redis, postgres: postgres) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: capacity))
            try await body(test)
        }
    }

    @Test func severalWorkersPersistEveryOrderOnce() async throws {
        try await withSale { test in
            try await test.withWorkers(4, batchSize: 50) {
                #expect(try await test.claimAtOnce(5000).accepted.count == 5000)
                try await test.waitUntilDrained()
            }
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE status = 'confirmed'") == "5000")
            #expect(try await test.isAtRest())
        }
    }

    @Test func aSingleOrderIsConfirmedImmediately() async throws {
        try await withSale { test in
            let times = try await test.withWorkers {
                var times: [Duration] = []
                for _ in 0..<20 {
                    let purchase = test.purchase()
                    _ = try await test.inventory.claim(purchase)
                    let began = ContinuousClock.now
                    try await eventually("the order is confirmed") {
                        try await test.inventory.order(purchase.id)?.state == .confirmed
                    }
                    times.append(ContinuousClock.now - began)
                }
                return times.sorted()
            }
            // The limit is far above the usual time and far below a polling interval of seconds. The median tolerates a
            // single slow order.
            #expect(times[times.count / 2] < .seconds(2))
        }
    }

    /// A worker ends after it has settled a batch that a recovery did not count.
    @Test func unitsThatWereSettledLateAreTakenFromSale() async throws {
        try await withSale(capacity: 100) { test in
            #expect(try await test.claimAtOnce(5).accepted.count == 5)
            let batch = try #require(try await test.queue().take(limit: 10))
            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(try await test.counters() == Counters(available: 100))
            _ = try await test.ledger.settle(batch.orders, lease: batch.number, epoch: batch.epoch)
            try await test.withWorkers {
                try await eventually("the units are not for sale") {
                    try await test.counters() == Counters(available: 95, sold: 5)
                }
                try await eventually("the event is compared no more") {
                    try await test.ledger.lateEvents(inPartition: 0).isEmpty
                }
            }
            #expect(try await test.ledger.partition(0)?.epoch == 2, "one recovery")
        }
    }

    /// It would be compared for ever otherwise, and keep others from being compared.
    @Test func aLateEventThatIsNotInRedisIsForgotten() async throws {
        try await withSale { test in
            try await test.redis("DEL", test.keys.event(.demo))
            _ = try await test.sql("INSERT INTO late_events (partition, event_id) VALUES (0, 'demo')")
            try await test.withWorkers {
                try await eventually("the event is compared no more", within: 30) {
                    try await test.ledger.lateEvents(inPartition: 0).isEmpty
                }
            }
        }
    }

    @Test func theSaleContinuesWhilePostgresIsUnavailableAndNothingIsLost() async throws {
        try await withPostgresServer { postgres in
            try await withSale(postgres: postgres) { test in
                try await test.withWorkers(2, lease: .seconds(1)) {
                    var accepted = try await test.claimAtOnce(200).accepted.count
                    // Before that, a worker may still migrate the schema and takes nothing.
                    try await test.waitUntilDrained()
                    try await postgres.stop()
                    accepted += try await test.claimAtOnce(500).accepted.count
                    try await eventually("the workers keep their batches") {
                        try await test.redis("ZCARD", test.keys.leases).integer ?? 0 > 0
                    }
                    try await postgres.restart()
                    accepted += try await test.claimAtOnce(200).accepted.count
                    #expect(accepted == 900)
                    try await test.waitUntilDrained()
                }
                #expect(try await test.sql("SELECT count(*) || ' ' || sum(quantity) FROM orders") == "900 900")
                #expect(try await test.isAtRest())
            }
        }
    }

    @Test func aWorkerStopsWhilePostgresIsUnavailableAndReleasesItsBatch() async throws {
        try await withPostgresServer { postgres in
            try await withSale(postgres: postgres) { test in
                try await test.withWorkers(lease: .seconds(60)) {
                    _ = try await test.claimAtOnce(5)
                    try await test.waitUntilDrained()
                    try await postgres.stop()
                    _ = try await test.claimAtOnce(5)
                    try await eventually("the batches are taken") {
                        try await test.redis("LLEN", test.keys.queue).integer == 0
                    }
                }
                let leases = try await test.redis("ZCARD", test.keys.leases).integer
                let expired = try await test.queue().expiredTokens().count
                #expect(leases ?? 0 > 0)
                #expect(leases == Int64(expired), "the next worker need not wait until a lease expires")
                // A worker that is stopped before it has prepared the ledger stops gracefully, too.
                try await test.withWorkers {}
                try await postgres.restart()
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await test.sql("SELECT count(*) FROM orders") == "10")
            }
        }
    }

    @Test func aKilledRedisLosesNoAcceptedOrder() async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                var accepted: [OrderID] = []
                try await test.withWorkers(2, lease: .seconds(1)) {}
                for _ in 0..<3 {
                    accepted += try await test.claimAtOnce(300).accepted.map(\.id)
                    try await redis.restart()
                    try await test.waitForRedis()
                }
                try await test.withWorkers(2, lease: .seconds(1)) {
                    try await redis.restart()
                    try await test.waitForRedis()
                    try await test.waitUntilDrained()
                }
                #expect(accepted.count == 900)
                #expect(try await test.sql("SELECT count(*) FROM orders") == "900")
                for id in accepted { #expect(try await test.ledger.order(id)?.state == .confirmed) }
                #expect(try await test.isAtRest())
            }
        }
    }

    @Test func aRedisOutOfMemoryRefusesClaimsAndIsDrained() async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                #expect(try await test.claimAtOnce(200).accepted.count == 200)
                try await test.redis("CONFIG", "SET", "maxmemory", "1")
                do throws(RedisError) {
                    _ = try await test.inventory.claim(test.purchase())
                    Issue.record("a claim was accepted without memory")
                } catch {
                    #expect(error.serverCode == "OOM")
                    #expect(!error.mayHaveRun)
                }
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await test.sql("SELECT count(*) FROM orders") == "200")
                try await test.redis("CONFIG", "SET", "maxmemory", "0")
                #expect(try await test.claimAtOnce(1).accepted.count == 1)
            }
        }
    }

    @Test func aStoppedWorkerLeavesNoLease() async throws {
        try await withSale { test in
            let sale = Task {
                for _ in 0..<40 { _ = try await test.claimAtOnce(50) }
            }
            for _ in 0..<10 {
                try await test.withWorkers(2) {
                    try await eventually("an order is persisted") {
                        try await test.sql("SELECT count(*) FROM orders") != "0"
                    }
                }
                #expect(try await test.redis("ZCARD", test.keys.leases).integer == 0, "a stopped worker kept a lease")
            }
            try await sale.value
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) FROM orders") == "2000")
        }
    }

    @Test func anOrderThatTheLedgerRefusesIsRejectedWithTheReason() async throws {
        try await withSale(capacity: 5) { test in
            // Redis has more stock than the capacity.
            try await test.redis("HSET", test.keys.event(.demo), "stock", "8")
            let accepted = try await test.claimAtOnce(20).accepted
            #expect(accepted.count == 8)
            try await test.withWorkers { try await test.waitUntilDrained() }
            var orders: [Order] = []
            for purchase in accepted {
                let order = try await test.inventory.order(purchase.id)
                orders.append(try #require(order))
            }
            for order in orders {
                let reason = order.state == .rejected ? "oversold" : nil
                #expect(order.reason == reason)
            }
            #expect(orders.count { $0.state == .confirmed } == 5)
            #expect(orders.count { $0.state == .rejected } == 3)
        }
    }

    @Test func aKilledWorkerLosesNothing() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100_000))
            let first = try Run(
                "Worker", [], test.environment.merging(["WORKER_LEASE_SECONDS": "1", "WORKER_BATCH_SIZE": "20"]) { $1 })
            async let sale = test.claimAtOnce(3000)
            try await eventually("the worker persists orders") {
                try await test.sql("SELECT count(*) FROM orders") != "0"
            }
            first.signal(SIGKILL)
            #expect(try await sale.accepted.count == 3000)
            _ = try await first.exitCode()
            try await test.withWorkers(2, lease: .seconds(1)) { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) || ' ' || sum(quantity) FROM orders") == "3000 3000")
            #expect(try await test.isAtRest())
        }
    }
}
