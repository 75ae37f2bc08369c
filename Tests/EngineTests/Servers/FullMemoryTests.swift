import NIOPosix
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisClient
@testable import RedisSchema
@testable import Runtime

/// At `maxmemory`, everything runs that empties the queue or frees memory: only claims and backfills are refused.
@Suite(.timeLimit(.minutes(10))) struct FullMemoryTests {
    private static let scarce = EventID("scarce") ?? .demo

    /// Stores with the event `demo`, and one with holds, on a server of its own. `fill` lets the server have no memory.
    private func withSale(
        holdSeconds: Int = 600, _ body: (TestStores, _ fill: () async throws -> Void) async throws -> Void
    ) async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1000))
                try await test.catalogue.ensure(
                    Self.scarce, EventTerms(name: "Scarce", capacity: 1000, holdSeconds: holdSeconds))
                try await body(test) {
                    try await test.redis("CONFIG", "SET", "maxmemory", "1")
                    do throws(RedisError) {
                        _ = try await test.inventory.claim(test.purchase())
                        Issue.record("a claim was accepted without memory")
                    } catch {
                        #expect(error.serverCode == "OOM")
                    }
                }
            }
        }
    }

    @Test func theQueueIsTakenRenewedReclaimedAndAcknowledged() async throws {
        try await withSale { test, fill in
            #expect(try await test.claimAtOnce(20).accepted.count == 20)
            try await fill()
            let queue = test.queue()
            try await queue.noteWorker("w")
            let first = try #require(try await queue.take(limit: 10))
            #expect(try await queue.renew(first.token))
            try await queue.release(first.token)
            #expect(try await queue.expiredTokens() == [first.token])
            guard case .batch(let batch)? = try await queue.reclaim(first.token) else {
                Issue.record("not reclaimed")
                return
            }
            #expect(try await queue.acknowledge(batch, try await test.ledger.settle(batch.orders)))
            let second = try #require(try await queue.take(limit: 10))
            #expect(try await queue.acknowledge(second, try await test.ledger.settle(second.orders)))
            #expect(try await test.isAtRest())
        }
    }

    @Test func ordersAreConfirmedCancelledAndExpired() async throws {
        try await withSale(holdSeconds: 1) { test, fill in
            let confirmed = try await test.hold(Self.scarce)
            let cancelled = try await test.hold(Self.scarce)
            let expired = try await test.hold(Self.scarce)
            try await fill()
            guard case .done = try await test.inventory.change(confirmed, by: .confirm),
                case .done = try await test.inventory.change(cancelled, by: .cancel)
            else {
                Issue.record("the orders were not changed")
                return
            }
            let holds = HoldExpirer(test.partition)
            try await eventually("the hold expires") { try await holds.expireDue().expired == 1 }
            #expect(try await test.inventory.order(expired.id)?.state == .expired)
            #expect(try await test.counters(Self.scarce) == Counters(available: 999, sold: 1))
        }
    }

    @Test(arguments: [false, true]) func recordsAreDeleted(early: Bool) async throws {
        try await withSale { test, fill in
            _ = try await test.acceptance(of: test.purchase())
            _ = try await test.acceptance(of: test.purchase(key: "k"))
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await fill()
            if early {
                while try await test.queue().deleteRecordsEarly(retention: .zero) != nil {}
            } else {
                for withKey in [false, true] {
                    #expect(try await test.queue().deleteOldestRecords(withKey: withKey, retention: .zero))
                }
            }
            #expect(try await test.redis("KEYS", "*order:*").array?.isEmpty == true)
        }
    }

    @Test func deadLettersAreRequeued() async throws {
        try await withSale { test, fill in
            _ = try await test.acceptance(of: test.purchase())
            let batch = try #require(try await test.queue().take(limit: 1))
            #expect(try await test.queue().acknowledge(batch, [.unsettleable(reason: "test")]))
            try await fill()
            #expect(try await test.queue().requeueAll().requeued == 1)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
        }
    }

    @Test func eventsArePausedLoweredResetArchivedAndReconciled() async throws {
        try await withSale { test, fill in
            _ = try await test.acceptance(of: test.purchase())
            try await test.withWorkers { try await test.waitUntilDrained() }
            _ = try await test.hold(Self.scarce)
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await fill()
            #expect(try await test.catalogue.put(.demo, EventChange(paused: true)) == false)
            #expect(try await test.inventory.event(.demo)?.status == .paused)
            #expect(try await test.catalogue.put(.demo, EventChange(capacity: 10)) == false)
            #expect(try await test.catalogue.reconcile(.demo).outcome == .consistent)
            #expect(try await test.catalogue.reset(Self.scarce, capacity: 5) == 5)
            #expect(try await test.counters(Self.scarce) == Counters(available: 5))
            #expect(try await test.catalogue.put(Self.scarce, EventChange(archived: true)) == false)
            #expect(try await test.redis("EXISTS", test.keys.holds(Self.scarce)).integer == 0)
        }
    }

    /// A recovery that finds everything resumes.
    @Test func aRecoveryResumes() async throws {
        try await withSale { test, fill in
            _ = try await test.acceptance(of: test.purchase())
            try await fill()
            test.stores.fence.close(test.keys)
            try await test.recover()
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
        }
    }

    /// The blocking wait for work is refused by Redis; a worker waits without it.
    @Test func aWorkerFindsWorkWithoutTheBlockingWait() async throws {
        try await withSale(holdSeconds: 1) { test, fill in
            _ = try await test.hold(Self.scarce)
            try await fill()
            let blocking = try await RedisConnection.open(
                Stores.redis(test.settings), on: MultiThreadedEventLoopGroup.singleton.next(), logger: test.logger)
            let began = ContinuousClock.now
            let queue = test.queue()
            try await queue.waitForWork(on: blocking, upTo: .seconds(5))
            #expect(ContinuousClock.now - began < .seconds(4))
            try await test.withWorkers { try await test.waitUntilDrained() }
            await blocking.close()
            #expect(try await test.sql("SELECT count(*) FROM orders") == "1")
        }
    }
}
