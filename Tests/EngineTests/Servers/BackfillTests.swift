import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// Redis is emptied while the ledger has reservations: the recovery restores holds, customer limits and keys.
@Suite(.timeLimit(.minutes(10))) struct BackfillTests {
    /// Stores with the event `demo`.
    private func withSale(
        _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo,
                EventTerms(name: "Demo", capacity: 5000, maxQuantity: 10, customerLimit: 4, holdSeconds: 600))
            try await body(test)
        }
    }

    @Test func holdsLimitsAndKeysAreRestoredFromTheLedger() async throws {
        try await withSale { test in
            let held = try await test.hold(quantity: 3, customer: "a")
            let sold = try await test.hold(quantity: 2, customer: "b")
            _ = try await test.inventory.change(sold, by: .confirm)
            let cancelled = try await test.hold(quantity: 2, customer: "b")
            _ = try await test.inventory.change(cancelled, by: .cancel)
            let keyed = test.purchase(quantity: 1, customer: "a", key: "k|1")
            #expect(
                try await test.inventory.claim(keyed)
                    == .accepted(
                        Acceptance(order: keyed.id, expiresAt: try await test.inventory.order(keyed.id)?.expiresAt)))
            // More than one chunk.
            #expect(try await test.claimAtOnce(1200, customer: { "many\($0)" }).accepted.count == 1200)
            try await test.withWorkers { try await test.waitUntilDrained() }
            let before = try await test.counters()
            let end = try await test.inventory.order(keyed.id)?.expiresAt

            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try await test.counters() == before)
            #expect(try await test.inventory.order(held.id)?.expiresAt == held.expiresAt)
            #expect(try await test.redis("HGET", test.keys.customers(.demo), "a").integer == 4)
            #expect(try await test.redis("HGET", test.keys.customers(.demo), "b").integer == 2)
            #expect(try await test.redis("HLEN", test.keys.customers(.demo)).integer == 1202)
            #expect(try await test.redis("ZCARD", test.keys.holds(.demo)).integer == 1202)
            #expect(
                try await test.redis("EXISTS", test.keys.backfill(.demo)).integer == 0,
                "the state of the backfill is deleted")
            let again = test.purchase(quantity: 1, customer: "a", key: "k|1")
            #expect(
                try await test.inventory.claim(again)
                    == .accepted(Acceptance(order: keyed.id, expiresAt: end, isReplay: true)))
            let present = try #require(try await test.inventory.order(held.id))
            guard case .done = try await test.inventory.change(present, by: .confirm) else {
                Issue.record("a restored hold cannot be confirmed")
                return
            }
            let row = try #require(try await test.ledger.order(sold.id))
            guard case .done = try await test.inventory.change(row, by: .cancel) else {
                Issue.record("an earlier order cannot be cancelled")
                return
            }
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
        }
    }

    @Test func anEventIsNotBackfilledWhileSnapshotsAreInFlight() async throws {
        try await withSale { test in
            _ = try await test.hold(customer: "a")
            try await test.redis("DEL", test.keys.event(.demo))
            #expect(try await test.catalogue.publish(.demo) == .ordersInFlight)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try await test.counters() == Counters(available: 4999, held: 1))
        }
    }

    /// A backfill whose caller gave up runs late, during the next backfill: it writes nothing.
    @Test func anAbandonedBackfillCannotWriteIntoTheNextOne() async throws {
        try await withSale { test in
            let order = try await test.hold(quantity: 2, customer: "a")
            try await test.withWorkers { try await test.waitUntilDrained() }
            let row = try #require(try await test.ledger.order(order.id))
            try await test.loseEvents()
            let event = try #require(try await test.ledger.event(.demo))
            let backfiller = Backfiller(test.catalogue.publisher, test.keys)
            let (old, new) = ("old", "new")
            func backfill(_ token: String, from start: String, to end: String) async throws -> BackfillOutcome {
                let chunk = BackfillChunk(
                    event: .demo, generation: 1, stamp: event.stamp, start: start, end: end,
                    rows: [BackfillRow(customer: row.customer, units: row.quantity, record: row)])
                return try await backfiller.partition.run(BackfillScript(chunk, token: token, done: 0, total: 0))
            }
            func hold(_ token: String) async throws -> Bool {
                try await backfiller.partition.run(HoldBackfillScript(token))
            }
            func release(_ token: String) async throws {
                _ = try await backfiller.partition.run(ExtendScript(token, of: test.keys.backfill, by: .zero))
            }
            #expect(try await hold(old))
            #expect(try await backfill(old, from: "", to: "a") == .written)
            #expect(try await !hold(new), "while the lease is valid")
            try await release(old)
            #expect(try await hold(new))
            #expect(try await backfill(old, from: "a", to: BackfillChunk.last) == .lost)
            #expect(try await backfill(new, from: "", to: "b") == .written, "the backfill starts again")
            #expect(try await backfill(new, from: "a", to: BackfillChunk.last) == .outOfStep)
            let done = BackfilledEvent(backfill: .init(token: "new", stamp: event.stamp))
            #expect(
                try await test.catalogue.publisher.publish([.demo], backfilled: [.demo: done]) == [
                    .demo: .needsBackfill
                ],
                "before its time")
            // The event's row changes, so the backfill is invalid.
            try await test.sql("UPDATE events SET updated_at = now()")
            #expect(
                try await test.catalogue.publisher.publish([.demo], backfilled: [.demo: done]) == [
                    .demo: .needsBackfill
                ])
            try await release(new)
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try await backfill(new, from: "b", to: BackfillChunk.last) == .lost)
            #expect(try await test.redis("HGET", test.keys.customers(.demo), "a").integer == 2)
        }
    }

    @Test func concurrentPublicationsBackfillAnEventOnce() async throws {
        try await withSale { test in
            #expect(try await test.claimAtOnce(700, customer: { "c\($0 % 350)" }).accepted.count == 700)
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.loseEvents()
            let publications = try await withThrowingTaskGroup(of: PublicationOutcome.self) { group in
                for _ in 0..<5 { group.addTask { try await test.catalogue.publish(.demo) } }
                return try await group.reduce(into: [PublicationOutcome]()) { $0.append($1) }
            }
            #expect(Set(publications) == [.published])
            let counts = try await test.redis("HVALS", test.keys.customers(.demo)).array?.compactMap(\.integer) ?? []
            #expect(counts.count == 350)
            #expect(counts.allSatisfy { $0 == 2 })
            #expect(try await test.isAtRest())
        }
    }
}

extension TestStores {
    /// Deletes everything in Redis except the keys of the fence. No fence can detect this damage.
    fileprivate func loseEvents() async throws {
        try await redis(
            "EVAL",
            "local e, l = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]) redis.call('FLUSHDB') "
                + "redis.call('MSET', KEYS[1], e, KEYS[2], l)", "2", keys.epoch, keys.leasesBegun)
    }
}
