import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// Recoveries and backfills that are interrupted, and calls that wait for them.
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

    /// A process seals a partition to resume it and dies, before or after the ledger begins the new epoch.
    @Test(arguments: [false, true]) func anInterruptedResumeDoesNotRebuildThePartition(hasBegun: Bool) async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                #expect(try await test.claimAtOnce(20, customer: { "c\($0)" }).accepted.count == 20)
                let before = try #require(try await test.ledger.partition(0))
                try await redis.restart()
                let connection = test.stores.redis.connections[0]
                try await eventually("the partition is sealed") {
                    (try? await test.partition.run(SealScript("dead", found: "\(before.epoch)", plan: .resume)))
                        == .resume
                }
                // The script may have run on another connection, which was open earlier.
                try await eventually("the connection has identified the server") {
                    (try? await connection.status()) != nil
                }
                let server = try #require(await connection.server())
                try await eventually("the lease of the dead process ends") {
                    (try? await test.partition.run(ExtendScript("dead", of: test.keys.recovery, by: .zero))) != nil
                }
                if hasBegun {
                    let status = try await connection.status(of: server)
                    let begun = PartitionEpoch(
                        epoch: before.epoch + 1, server: server, replication: status.replicationID)
                    #expect(try await test.ledger.begin(begun, of: 0) == .begun(seen: 0))
                }
                try await test.waitForRedis()
                #expect(try #require(try await test.ledger.partition(0)).epoch == before.epoch + 1)
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 20, "nothing was taken from the queue")
                #expect(try await test.counters() == Counters(available: 80, pending: 20))
            }
        }
    }

    /// A process stands still between its comparison and the opening, and the server has older data now.
    @Test func aPartitionThatLacksALeaseIsNotResumed() async throws {
        try await withSale { test in
            let epoch = try #require(try await test.ledger.partition(0)).epoch
            let begun = try await state(test).leasesBegun
            #expect(try await test.partition.run(SealScript("r", found: "\(epoch)", plan: .resume)) == .resume)
            func open(seen: Int) async throws -> Bool {
                try await test.partition.run(OpenScript("r", epoch: epoch + 1, leasesSeen: seen, isRebuilt: false))
            }
            #expect(try await !open(seen: begun + 1))
            #expect(try await state(test).seal?.phase == .resume, "it stays sealed")
            #expect(try await open(seen: begun))
            #expect(try await state(test).epoch == "\(epoch + 1)")
        }
    }

    /// If two recoveries have inspected the same state, one of them begins the epoch.
    @Test func anEpochBeginsOnce() async throws {
        try await withSale { test in
            let known = try #require(try await test.ledger.partition(0))
            func begin(_ epoch: Int, of partition: Int, on server: String) async throws -> EpochBeginning {
                try await test.ledger.begin(
                    PartitionEpoch(epoch: epoch, server: server, replication: "r"), of: partition)
            }
            #expect(try await begin(known.epoch + 1, of: 0, on: "a") == .begun(seen: 0))
            #expect(try await begin(known.epoch + 1, of: 0, on: "b") == .overtaken)
            #expect(try await begin(1, of: 7, on: "c") == .begun(seen: 0), "the first epoch of a partition")
            #expect(try await begin(1, of: 7, on: "d") == .overtaken)
        }
    }

    /// A worker settles a batch that the new primary lacks, between the comparison and the beginning of the epoch.
    @Test func aResumptionThatTheLedgerOvertakesIsARebuild() async throws {
        try await withSale { test in
            #expect(try await test.claimAtOnce(5, customer: { "c\($0)" }).accepted.count == 5)
            let batch = try #require(try await test.queue().take(limit: 10))
            let known = try #require(try await test.ledger.partition(0))
            // The new primary has neither the lease nor its number.
            try await test.redis("SET", test.keys.leasesBegun, "\(batch.number - 1)")
            #expect(try await test.partition.run(SealScript("r", found: "\(known.epoch)", plan: .resume)) == .resume)
            _ = try await test.ledger.settle(batch.orders, lease: batch.number, epoch: batch.epoch)
            let next = PartitionEpoch(epoch: known.epoch + 1, server: "s", replication: "r")
            #expect(
                try await test.ledger.begin(next, of: 0, unlessSeenAbove: batch.number - 1) == .ledgerIsAhead)
            #expect(try await test.ledger.partition(0) == known, "nothing was changed")
            try await test.redis("HSET", test.keys.recovery, "until", "0")
            try await test.recover()
            #expect(try await test.counters() == Counters(available: 95, sold: 5))
        }
    }

    /// A process opens the partition, backfills a part of an event and dies. Another process continues at that
    /// position, also if Redis restarts meanwhile.
    @Test(arguments: [false, true]) func anInterruptedBackfillContinuesAtItsPosition(restarting: Bool) async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                #expect(try await test.claimAtOnce(30, customer: { "c\($0 % 10)" }).accepted.count == 30)
                try await test.withWorkers { try await test.waitUntilDrained() }
                try await test.redis("FLUSHDB")
                #expect(try await test.recovery.check(test.keys).isOpen)
                #expect(try await test.inventory.claim(test.purchase(customer: "z")) == .refused(.eventUnknown))
                let event = try #require(try await test.ledger.event(.demo))
                let backfiller = Backfiller(test.catalogue.publisher, test.keys)
                let orders = try await test.ledger.ordersToBackfill(of: event, after: "", limit: 12)
                // The process that opened the partition is gone. Another process takes over and dies after one chunk.
                try await test.redis("HSET", test.keys.backfill, "until", "0")
                let chunk = BackfillChunk(
                    event: .demo, generation: 1, stamp: event.stamp, start: "", end: try #require(orders.last).id,
                    rows: orders.map(\.row))
                _ = try await backfiller.partition.run(HoldBackfillScript("dead"))
                let backfill = BackfillScript(chunk, token: "dead", done: 12, total: 30)
                #expect(try await backfiller.partition.run(backfill) == .written)
                if restarting { try await redis.restart() }
                try await eventually("Redis responds") {
                    (try? await test.redis("HSET", test.keys.backfill, "until", "0")) != nil
                }
                try await test.waitForRedis()
                #expect(try await state(test).backfill.isComplete)
                let units = try await test.inventory.units(of: (0..<10).map { "c\($0)" }, in: .demo)
                #expect(units == Array(repeating: 3, count: 10))
                #expect(try await test.counters() == Counters(available: 70, sold: 30))
            }
        }
    }

    /// The ledger receives an order of an event while the event is backfilled: the backfill is invalid.
    @Test func anEventThatChangesDuringItsBackfillIsBackfilledAgain() async throws {
        try await withSale { test in
            #expect(try await test.claimAtOnce(6, customer: { "c\($0)" }).accepted.count == 6)
            let late = try #require(try await test.queue().take(limit: 1))
            try await test.withWorkers { try await test.waitUntilDrained(except: 1) }
            try await test.redis("FLUSHDB")
            #expect(try await test.recovery.check(test.keys).isOpen)
            let event = try #require(try await test.ledger.event(.demo))
            // A worker commits its batch.
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

    /// A requested event is backfilled first, also if the event is closed.
    @Test func aClosedEventIsBackfilledOnRequestOnly() async throws {
        try await withSale { test in
            let over = try #require(EventID("over"))
            try await test.catalogue.ensure(over, EventTerms(name: "Over", capacity: 5, customerLimit: 1))
            #expect(try await test.claimAtOnce(2, of: over, customer: { "c\($0)" }).accepted.count == 2)
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.sql(
                "UPDATE events SET closes_at = now() - interval '1 day', updated_at = now() - interval '2 days' "
                    + "WHERE id = 'over'")
            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(try await test.inventory.event(.demo) != nil)
            #expect(try await test.inventory.event(over) == nil)
            #expect(try await test.catalogue.report(over)?.status == .closed, "the status from the ledger")
            #expect(try await test.catalogue.publish(over) == .published)
            #expect(try await test.inventory.claim(test.purchase(over, customer: "z")) == .refused(.closed))
            #expect(try await test.redis("HGET", test.keys.customers(over), "c0").integer == 1)
            // A change of the event requests it, too.
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
            // PostgreSQL does not accept a text with a zero byte.
            _ = try await test.inventory.claim(test.purchase(customer: "a\u{0}b"))
            try await test.withWorkers { try await test.waitUntilDrained() }
            let letter = try #require(try await test.queue().deadLetters(limit: 1).first)
            try await test.redis("DEL", test.keys.event(.demo))
            #expect(try await test.queue().requeue(letter.id) == .eventIsRecovering(.demo))
            #expect(try await test.queue().deadLetterCount() == 1)
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try await test.queue().requeue(letter.id) == .done)
        }
    }

    /// A start and a resume publish only the events that Redis may not have, not all events.
    @Test func onlyUnpublishedEventsArePublished() async throws {
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

    /// A process dies after it has lowered a capacity in Redis and before it has changed the ledger. The next start
    /// reverts Redis.
    @Test func anInterruptedLoweringIsRevertedAtTheNextStart() async throws {
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

    /// Releases before version 4 of the schema recorded the leases for each event.
    @Test func leasesRecordedByAnEarlierReleaseAreRead() async throws {
        try await withSale { test in
            try await test.sql("DELETE FROM leases_seen")
            try await test.sql("UPDATE events SET leased = 41")
            #expect(try await test.ledger.leasesSeen(inPartition: test.keys.partition) { _ in true } == 41)
            try await test.sql("UPDATE events SET leased = 99")
            #expect(try await test.ledger.leasesSeen(inPartition: test.keys.partition) { _ in true } == 41, "only once")
        }
    }
}
