import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema

/// Records that go before their retention time because the memory of Redis is short.
@Suite(.timeLimit(.minutes(10))) struct EarlyDeletionTests {
    private func withSale(
        limit: Int? = nil, holdSeconds: Int? = nil, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo, EventTerms(name: "Demo", capacity: 1000, customerLimit: limit, holdSeconds: holdSeconds))
            try await body(test)
        }
    }

    private func settle(_ test: TestStores) async throws {
        try await test.withWorkers { try await test.waitUntilDrained() }
    }

    private func deleteAll(_ test: TestStores) async throws -> Int {
        var count = 0
        while let deleted = try await test.queue().deleteRecordsEarly(retention: .zero) { count += deleted }
        return count
    }

    private func recordCount(_ test: TestStores) async throws -> Int {
        try await test.redis("KEYS", "*order:*").array?.count ?? -1
    }

    @Test func recordsOfSettledOrdersGoEarlyAndThoseWithKeysLast() async throws {
        try await withSale { test in
            let keyed = try await test.acceptance(of: test.purchase(key: "k"))
            try await settle(test)
            let plain = try await test.acceptance(of: test.purchase())
            try await settle(test)
            #expect(try await test.queue().deleteRecordsEarly() == nil, "none is old enough")
            #expect(try await test.queue().deleteRecordsEarly(retention: .zero) == 1)
            #expect(try await test.inventory.order(plain.order) == nil)
            #expect(try await test.inventory.order(keyed.order) != nil)
            #expect(try await test.queue().deleteRecordsEarly(retention: .zero) == 1)
            #expect(try await test.inventory.order(keyed.order) == nil)
            #expect(try await test.queue().deleteRecordsEarly(retention: .zero) == nil)
            #expect(try await test.ledger.order(keyed.order)?.state == .confirmed)
        }
    }

    @Test func whatTheLedgerLacksAndWhatIsHeldStays() async throws {
        try await withSale(holdSeconds: 600) { test in
            let held = try await test.acceptance(of: test.purchase(key: "held"))
            let confirmed = try await test.acceptance(of: test.purchase(key: "confirmed"))
            try await settle(test)
            let order = try #require(try await test.inventory.order(confirmed.order))
            guard case .done = try await test.inventory.change(order, by: .confirm) else {
                Issue.record("not confirmed")
                return
            }
            #expect(try await deleteAll(test) == 0)
            #expect(try await test.inventory.order(held.order)?.state == .held)
            #expect(try await test.inventory.order(confirmed.order)?.state == .confirmed)
        }
    }

    @Test func aRepeatedPurchaseLeadsToTheOrderThatTheLedgerHas() async throws {
        try await withSale { test in
            // Enough that orders share fields.
            var orders: [OrderID] = []
            for number in 0..<300 {
                orders.append(try await test.acceptance(of: test.purchase(customer: "c", key: "k\(number)")).order)
            }
            try await settle(test)
            // Also if records go at different times.
            for _ in 0..<3 { _ = try await test.queue().deleteRecordsEarly(retention: .zero) }
            #expect(try await deleteAll(test) >= 0)
            #expect(try await recordCount(test) == 0)
            for (number, order) in orders.enumerated() {
                let repeated = test.purchase(customer: "c", key: "k\(number)")
                guard case .inLedger(let first) = try await test.inventory.claim(repeated) else {
                    Issue.record("the key \(number) bought again")
                    return
                }
                #expect(first == order)
            }
            let other = try await test.inventory.claim(test.purchase(customer: "d", key: "k1"))
            guard case .accepted(let acceptance) = other else {
                Issue.record("another customer's key: \(other)")
                return
            }
            #expect(!acceptance.isReplay)
            #expect(try await test.counters() == Counters(available: 699, pending: 1, sold: 300))
        }
    }

    @Test func theIdsOfForgottenOrdersGoWhenTheirKeysHaveExpired() async throws {
        try await withSale { test in
            _ = try await test.acceptance(of: test.purchase(key: "k"))
            try await settle(test)
            #expect(try await deleteAll(test) == 1)
            let left = try await test.redis("TTL", test.keys.forgotten).integer ?? 0
            #expect((86_000...86_400).contains(left))
            // An order of two days ago in the same field.
            let field = try #require(try await test.redis("HKEYS", test.keys.forgotten).array?.first?.string)
            let old = OrderID(
                milliseconds: UInt64(Timestamp.now.milliseconds - 2 * 86_400_000), partition: 0,
                random: 0x2000_0000_0000_0001)
            try await test.redis("HSET", test.keys.forgotten, field, "\(old)|1,")
            let again = test.purchase(key: "k")
            #expect(again.id.description.dropFirst(24).prefix(4) == field)
            _ = try await test.acceptance(of: again)
            try await settle(test)
            #expect(try await deleteAll(test) == 1)
            #expect(try await test.redis("HGET", test.keys.forgotten, field).string == "\(again.id)|1,")
        }
    }

    @Test func aKeyCanBeUsedAgainAfterAReset() async throws {
        try await withSale { test in
            _ = try await test.acceptance(of: test.purchase(key: "k"))
            try await settle(test)
            #expect(try await deleteAll(test) == 1)
            _ = try await test.catalogue.reset(.demo, capacity: nil)
            #expect(try await test.acceptance(of: test.purchase(key: "k")).isReplay == false)
        }
    }

    @Test func aForgottenOrderIsCancelledOnce() async throws {
        try await withSale(limit: 5) { test in
            let first = try await test.acceptance(of: test.purchase(quantity: 2, customer: "c", key: "k"))
            try await settle(test)
            #expect(try await deleteAll(test) == 1)
            let row = try #require(try await test.ledger.order(first.order))
            guard case .done = try await test.inventory.change(row, by: .cancel) else {
                Issue.record("not cancelled")
                return
            }
            guard case .already = try await test.inventory.change(row, by: .cancel) else {
                Issue.record("cancelled twice")
                return
            }
            // The change has made a record, from which the repetition is answered.
            let repeated = try await test.acceptance(of: test.purchase(quantity: 2, customer: "c", key: "k"))
            #expect(repeated == Acceptance(order: first.order, isReplay: true))
            try await settle(test)
            #expect(try await test.isAtRest())
            #expect(try await test.counters() == Counters(available: 1000))
        }
    }

    @Test func aComparisonDoesNotMissForgottenRecords() async throws {
        try await withSale { test in
            for number in 0..<20 { _ = try await test.acceptance(of: test.purchase(key: "k\(number)")) }
            try await settle(test)
            #expect(try await deleteAll(test) == 20)
            let report = try await test.catalogue.reconcile(.demo)
            #expect(report.records == 0)
            #expect(try await recordCount(test) == 0)
        }
    }

    @Test func keysAreKnownAfterARebuild() async throws {
        try await withSale { test in
            let first = try await test.acceptance(of: test.purchase(key: "k"))
            try await settle(test)
            #expect(try await deleteAll(test) == 1)
            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(
                try await test.acceptance(of: test.purchase(key: "k"))
                    == Acceptance(order: first.order, isReplay: true))
            // The record that came from the ledger goes too.
            #expect(try await deleteAll(test) == 1)
            #expect(try await test.inventory.claim(test.purchase(key: "k")) == .inLedger(first.order))
        }
    }
}
