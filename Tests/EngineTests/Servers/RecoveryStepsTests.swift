import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// Recoveries and fillings that are interrupted, and what waits for them.
@Suite(.timeLimit(.minutes(10))) struct RecoveryStepsTests {
    /// Stores with the event `demo`.
    private func withSale(
        redis: RedisServer? = nil, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores(redis: redis) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100, customerLimit: 5))
            try await body(test)
        }
    }

    private func state(_ test: TestStores) async throws -> PartitionState {
        try await test.partition.run(InspectScript())
    }

    /// Somebody seals a partition to resume it, and dies; before and after the ledger has begun the new epoch.
    @Test(arguments: [false, true]) func aResumptionThatWasInterruptedIsNoRebuild(hasBegun: Bool) async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                #expect(try await test.claimAtOnce(20, customer: { "c\($0)" }).accepted.count == 20)
                let before = try #require(try await test.ledger.partition(0))
                try await redis.restart()
                let connection = test.stores.redis.connections[0]
                try await eventually("it is sealed") {
                    (try? await test.partition.run(SealScript("dead", found: "\(before.epoch)", plan: .resume)))
                        == .resume
                }
                let server = try #require(await connection.server())
                _ = try await test.partition.run(ExtendScript("dead", of: test.keys.recovery, by: .zero))
                if hasBegun { #expect(try await test.ledger.begin(epoch: before.epoch + 1, of: 0, on: server)) }
                try await test.redisIsBack()
                #expect(try #require(try await test.ledger.partition(0)).epoch == before.epoch + 1)
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 20, "nothing was drained")
                #expect(try await test.counters() == Counters(available: 80, pending: 20))
            }
        }
    }

    /// Of two recoveries that have looked at the same, one begins the epoch.
    @Test func anEpochBeginsOnce() async throws {
        try await withSale { test in
            let known = try #require(try await test.ledger.partition(0))
            #expect(try await test.ledger.begin(epoch: known.epoch + 1, of: 0, on: "a"))
            #expect(try await !test.ledger.begin(epoch: known.epoch + 1, of: 0, on: "b"))
            #expect(try await test.ledger.begin(epoch: 1, of: 7, on: "c"), "a partition's first")
            #expect(try await !test.ledger.begin(epoch: 1, of: 7, on: "d"))
        }
    }

    /// Opened, an event partly filled in, and its process gone: another goes on there, whatever happens to Redis meanwhile.
    @Test(arguments: [false, true]) func aFillingGoesOnWhereItWasInterrupted(restarting: Bool) async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                #expect(try await test.claimAtOnce(30, customer: { "c\($0 % 10)" }).accepted.count == 30)
                try await test.withWorkers { try await test.drained() }
                try await test.redis("FLUSHDB")
                #expect(try await test.recovery.check(test.keys).isOpen)
                #expect(try await test.inventory.claim(test.purchase(customer: "z")) == .refused(.eventUnknown))
                let event = try #require(try await test.ledger.event(.demo))
                let filler = Backfiller(test.catalogue.publisher, test.keys)
                let orders = try await test.ledger.ordersToBackfill(of: event, after: "", limit: 12)
                // The one who opened is gone; another takes over, and dies after a page.
                try await test.redis("HSET", test.keys.backfill, "until", "0")
                let page = BackfillChunk(
                    event: .demo, generation: 1, stamp: event.stamp, start: "", end: try #require(orders.last).id,
                    rows: orders.map(\.row))
                _ = try await filler.partition.run(HoldBackfillScript("dead"))
                let backfill = BackfillScript(page, token: "dead", done: 12, total: 30)
                #expect(try await filler.partition.run(backfill) == .written)
                if restarting { try await redis.restart() }
                try await eventually("Redis answers") {
                    (try? await test.redis("HSET", test.keys.backfill, "until", "0")) != nil
                }
                try await test.redisIsBack()
                #expect(try await state(test).backfill.isComplete)
                let units = try await test.inventory.units(of: (0..<10).map { "c\($0)" }, in: .demo)
                #expect(units == Array(repeating: 3, count: 10))
                #expect(try await test.counters() == Counters(available: 70, sold: 30))
            }
        }
    }

    /// The ledger is told something of an event while it is read: what was read is worth nothing.
    @Test func anEventThatChangesWhileItIsReadIsReadAnew() async throws {
        try await withSale { test in
            #expect(try await test.claimAtOnce(6, customer: { "c\($0)" }).accepted.count == 6)
            let late = try #require(try await test.queue().take(limit: 1))
            try await test.withWorkers { try await test.drained(but: 1) }
            try await test.redis("FLUSHDB")
            #expect(try await test.recovery.check(test.keys).isOpen)
            let event = try #require(try await test.ledger.event(.demo))
            // A worker commits what it had in hand.
            _ = try await test.ledger.settle(late.orders, lease: late.number)
            let done = BackfilledEvent(backfill: .init(token: "any", stamp: event.stamp))
            #expect(
                try await test.catalogue.publisher.publish([.demo], backfilled: [.demo: done]) == [
                    .demo: .needsBackfill
                ])
            try await test.redis("HSET", test.keys.backfill, "until", "0")
            try await test.recover()
            #expect(try await test.counters() == Counters(available: 94, sold: 6))
        }
    }

    /// What somebody asks for comes first, also an event over which nothing could be asked any more.
    @Test func anEventThatIsOverIsFilledInOnlyIfSomebodyAsks() async throws {
        try await withSale { test in
            let over = try #require(EventID("over"))
            try await test.catalogue.ensure(over, EventTerms(name: "Over", capacity: 5, customerLimit: 1))
            #expect(try await test.claimAtOnce(2, of: over, customer: { "c\($0)" }).accepted.count == 2)
            try await test.withWorkers { try await test.drained() }
            try await test.sql(
                "UPDATE events SET closes_at = now() - interval '1 day', updated_at = now() - interval '2 days' "
                    + "WHERE id = 'over'")
            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(try await test.inventory.event(.demo) != nil)
            #expect(try await test.inventory.event(over) == nil)
            #expect(try await test.catalogue.report(over)?.status == .closed, "as the ledger knows it")
            #expect(try await test.catalogue.publish(over) == .published)
            #expect(try await test.inventory.claim(test.purchase(over, customer: "z")) == .refused(.closed))
            #expect(try await test.redis("HGET", test.keys.customers(over), "c0").integer == 1)
            // An organiser asks, too.
            try await test.sql("UPDATE events SET updated_at = now() - interval '2 days' WHERE id = 'over'")
            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(try await test.inventory.event(over) == nil)
            #expect(try await !test.catalogue.put(over, EventChange(capacity: 3)))
            #expect(try await test.counters(over) == Counters(available: 1, sold: 2))
        }
    }

    @Test func aDeadLetterWaitsForItsEvent() async throws {
        try await withSale { test in
            // The ledger cannot take a text with a zero byte.
            _ = try await test.inventory.claim(test.purchase(customer: "a\u{0}b"))
            try await test.withWorkers { try await test.drained() }
            let letter = try #require(try await test.queue().deadLetters(limit: 1).first)
            try await test.redis("DEL", test.keys.event(.demo))
            #expect(try await test.queue().requeue(letter.id) == .eventIsRecovering(.demo))
            #expect(try await test.queue().deadLetterCount() == 1)
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try await test.queue().requeue(letter.id) == .done)
        }
    }

    /// What a start and a resumption do is bound by what Redis may not know, not by the events that there are.
    @Test func onlyEventsThatRedisMayNotKnowArePublished() async throws {
        try await withSale { test in
            try await test.sql(
                "INSERT INTO events (id, name, capacity, max_quantity, published_generation, unpublished) "
                    + "SELECT 'old' || i, 'o', 1, 1, 1, false FROM generate_series(1, 500) AS i")
            func published() async throws -> Int {
                Int(try await test.sql("SELECT last_value FROM publications") ?? "") ?? 0
            }
            let before = try await published()
            #expect(try await test.catalogue.publishUnpublished())
            #expect(try await published() == before)
            try await test.sql("UPDATE events SET unpublished = true WHERE id IN ('old7', 'demo')")
            _ = try await test.catalogue.publishUnpublished()
            #expect(try await published() == before + 2)
        }
    }

    /// A process dies after it has lowered a capacity in Redis, before the ledger: the next start puts Redis right.
    @Test func aLoweringThatWasCutOffIsPutRightByTheNextStart() async throws {
        try await withSale { test in
            #expect(try await test.sql("SELECT unpublished FROM events") == "f")
            try await test.ledger.noteUnpublished(.demo)
            let lowering = try await test.ledger.withLockedEvent(.demo) { try await test.inventory.lower($0, to: 10) }
            #expect(lowering == .done)
            #expect(try await test.counters().available == 10)
            #expect(try await test.catalogue.publishUnpublished())
            #expect(try await test.counters().available == 100)
            #expect(try await test.sql("SELECT unpublished FROM events") == "f")
        }
    }

    /// Releases before the schema's version 4 noted the leases with each event.
    @Test func theLeasesThatAnEarlierReleaseNotedAreKnown() async throws {
        try await withSale { test in
            try await test.sql("DELETE FROM leases_seen")
            try await test.sql("UPDATE events SET leased = 41")
            #expect(try await test.ledger.leasesSeen(inPartition: test.keys.partition) { _ in true } == 41)
            try await test.sql("UPDATE events SET leased = 99")
            #expect(try await test.ledger.leasesSeen(inPartition: test.keys.partition) { _ in true } == 41, "once")
        }
    }
}
