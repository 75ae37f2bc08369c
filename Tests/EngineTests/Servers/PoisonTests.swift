import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema
@testable import Timing

/// Entries that cannot be settled, and entries that kill every worker that tries.
@Suite(.timeLimit(.minutes(10))) struct PoisonTests {
    /// Stores with the event `demo`.
    private func withSale(
        selling count: Int, hold: Int? = nil, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 10_000, holdSeconds: hold))
            #expect(try await test.claimAtOnce(count).accepted.count == count)
            try await body(test)
        }
    }

    @Test func oneInvalidOrderOfAThousandIsDeadLetteredAndTheOthersCommit() async throws {
        try await withSale(selling: 700) { test in
            // PostgreSQL does not accept a text with a zero byte.
            let poison = test.purchase(quantity: 2, customer: "a\u{0}b")
            _ = try await test.inventory.claim(poison)
            #expect(try await test.claimAtOnce(299).accepted.count == 299)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) FROM orders") == "999")
            let letter = try #require(try await test.queue().deadLetters(limit: 10).first)
            #expect(letter.order?.id == poison.id)
            #expect(letter.reason.contains("SQLSTATE 22"))
            #expect(try await test.counters() == Counters(available: 10_000 - 1001, pending: 2, sold: 999))
            #expect(try await test.inventory.order(poison.id)?.state == .pending)
        }
    }

    /// No worker can count it as settled, so it must not be counted when it is put back: batches would wait for it for ever.
    @Test func aDamagedCancellationThatIsRequeuedIsNotCountedAsARelease() async throws {
        try await withSale(selling: 0) { test in
            try await test.redis("HSET", test.keys.deadLetters, "damaged", "1|why|2|cancelled|2|1|no id|demo")
            #expect(try await test.queue().requeue("damaged") == .done)
            #expect(try await test.redis("GET", test.keys.pendingReleases) == .null)
        }
    }

    /// Workers die while they process the batch, until the faulty entry is alone in its batch.
    @Test func anEntryThatKillsItsWorkersIsIsolatedAndDeadLettered() async throws {
        try await withSale(selling: 1000) { test in
            let entries = try await test.redis("LRANGE", test.keys.queue, "0", "-1").array ?? []
            let bad = try OrderCodec.decode(entry: Array(try #require(entries[637].string).utf8))
            let queue = test.queue(lease: .milliseconds(1))
            #expect(try #require(try await queue.take(limit: 1000)).orders.count == 1000)
            var deaths = 1
            var reason: String?
            let deadline = ContinuousClock.now + .seconds(30)
            while reason == nil, ContinuousClock.now < deadline {
                for token in try await queue.expiredTokens() {
                    switch try await queue.reclaim(token) {
                    case .batch(let batch):
                        guard !batch.orders.contains(where: { $0.id == bad.id }) else {
                            deaths += 1
                            continue
                        }
                        let settlements = try await test.ledger.settle(batch.orders, lease: batch.number)
                        #expect(try await queue.acknowledge(batch, settlements))
                    case .deadLettered(let why): reason = why
                    case nil: break
                    }
                }
            }
            // Three attempts with the whole batch, one each with pieces of 125, 16 and 2, then alone until the tenth
            // attempt.
            #expect(deaths == 3 + 3 + 8)
            #expect(reason?.contains("10 times") == true)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) FROM orders") == "999")
            #expect(try await test.queue().deadLetters(limit: 10).map { $0.order?.id } == [bad.id])
            #expect(try await test.counters() == Counters(available: 9000, pending: 1, sold: 999))
            // After it is requeued, it is persisted.
            let id = try #require(try await test.queue().deadLetters(limit: 1).first?.id)
            #expect(try await test.queue().requeue(id) == .done)
            #expect(try await test.queue().requeue(id) == .unknown, "only once")
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.queue().deadLetterCount() == 0)
            #expect(try await test.isAtRest())
        }
    }

    /// An outage of PostgreSQL is not counted as a failed attempt, regardless of its length: a worker that waits renews
    /// its lease.
    @Test func aRenewedLeaseDoesNotCountAsAFailedAttempt() async throws {
        try await withSale(selling: 1) { test in
            let queue = test.queue(lease: .milliseconds(1))
            var token = try #require(try await queue.take(limit: 10)).token
            for _ in 0..<10 {
                try await eventually("the lease expires") { try await !queue.expiredTokens().isEmpty }
                let batch = try #require(try await queue.reclaim(token)?.batch)
                #expect(batch.attempts <= 2)
                token = batch.token
                #expect(try await queue.renew(token))
            }
            try await test.queue().release(token)
            #expect(try await test.queue().reclaim(token)?.batch?.attempts == 1)
        }
    }

    /// The pieces of an ordered batch keep its position in the order of commits.
    @Test func piecesOfAnOrderedBatchKeepItsPosition() async throws {
        try await withSale(selling: 64, hold: 600) { test in
            let held = try #require(try await test.queue(lease: .milliseconds(1)).take(limit: 64))
            try await test.queue().release(held.token)
            try await test.withWorkers { try await test.waitUntilDrained() }
            for order in held.orders {
                guard case .done = try await test.inventory.change(order, by: .cancel) else {
                    throw GaveUp(description: "not cancelled")
                }
            }
            let queue = test.queue(lease: .milliseconds(1))
            var batch = try #require(try await queue.take(limit: 60))
            let later = try #require(try await test.queue().take(limit: 60))
            #expect(batch.waitsForTurn)
            #expect(later.waitsForTurn)
            for _ in 0..<3 {
                let token = batch.token
                try await eventually("the lease expires") { try await queue.expiredTokens().contains(token) }
                batch = try #require(try await queue.reclaim(batch.token)?.batch)
            }
            #expect(batch.orders.count == 8)
            #expect(batch.orders.map(\.id) == held.orders.prefix(8).map(\.id))
            let turns =
                try await test.redis("ZRANGE", test.keys.orderedBatches, "0", "-1").array?.compactMap(\.string) ?? []
            #expect(turns.count == 9)
            #expect(turns.first == batch.token)
            #expect(turns.last == later.token)
            var seen: [OrderID] = []
            for token in turns.dropLast() {
                seen += (try await test.redis("LRANGE", test.keys.batch(token), "0", "-1").array ?? [])
                    .compactMap { try? OrderCodec.decode(entry: Array(($0.string ?? "").utf8)).id }
            }
            #expect(seen == batch.orders.map(\.id) + held.orders.dropFirst(8).prefix(52).map(\.id))
            try await test.queue().release(later.token)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
        }
    }
}
