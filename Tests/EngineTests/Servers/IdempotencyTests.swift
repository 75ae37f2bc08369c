import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

@Suite(.timeLimit(.minutes(10))) struct IdempotencyTests {
    /// Stores with the event `demo`.
    private func withSale(
        capacity: Int = 100, holdSeconds: Int? = nil, limit: Int? = nil, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo,
                EventTerms(name: "Demo", capacity: capacity, customerLimit: limit, holdSeconds: holdSeconds))
            try await body(test)
        }
    }

    @Test(arguments: [nil, 600])
    func aThousandConcurrentClaimsWithOneKeyCreateOneOrder(holdSeconds: Int?) async throws {
        try await withSale(holdSeconds: holdSeconds) { test in
            let acceptances = try await withThrowingTaskGroup(of: Acceptance.self) { group in
                for _ in 0..<1000 {
                    group.addTask { try await test.acceptance(of: test.purchase(quantity: 3, customer: "c", key: "k")) }
                }
                return try await group.reduce(into: [Acceptance]()) { $0.append($1) }
            }
            #expect(acceptances.count { !$0.isReplay } == 1)
            #expect(Set(acceptances.map(\.order)).count == 1)
            #expect(Set(acceptances.map(\.expiresAt)).count == 1)
            #expect(try await test.redis("LLEN", test.keys.queue).integer == 1)
            let report = try await test.counters()
            #expect(report.available == 97)
            #expect(report.pending + report.held == 3)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) FROM orders") == "1")
        }
    }

    @Test func aReplayPrecedesEveryRefusal() async throws {
        try await withSale(capacity: 5, limit: 5) { test in
            let first = try await test.acceptance(of: test.purchase(quantity: 2, customer: "c", key: "k"))
            #expect(
                try await test.acceptance(of: test.purchase(quantity: 3, customer: "c", key: "rest")).isReplay == false)
            let expected = Acceptance(order: first.order, isReplay: true)
            func replays() async throws -> Bool {
                try await test.acceptance(of: test.purchase(quantity: 2, customer: "c", key: "k")) == expected
            }
            #expect(try await replays(), "sold out, and at the customer's limit")
            _ = try await test.catalogue.put(.demo, EventChange(maxQuantity: 1, paused: true))
            #expect(try await replays(), "paused, and above the maximum")
            _ = try await test.catalogue.put(.demo, EventChange(closesAt: Timestamp(milliseconds: 1), paused: false))
            #expect(try await replays(), "closed")
            #expect(try await test.inventory.claim(test.purchase(customer: "c", key: "new")) == .refused(.closed))
        }
    }

    @Test func aKeyWithAnotherQuantityIsRefusedAndChangesNothing() async throws {
        try await withSale { test in
            _ = try await test.acceptance(of: test.purchase(quantity: 2, key: "k"))
            #expect(
                try await test.inventory.claim(test.purchase(quantity: 1, key: "k")) == .refused(.idempotencyKeyReused))
            #expect(try await test.counters() == Counters(available: 98, pending: 2))
        }
    }

    @Test func refusalsAreNotStored() async throws {
        try await withSale(capacity: 1) { test in
            #expect(
                try await test.inventory.claim(test.purchase(quantity: 2, key: "k"))
                    == .refused(.insufficientStock(available: 1)))
            _ = try await test.catalogue.put(.demo, EventChange(capacity: 2))
            #expect(try await !test.acceptance(of: test.purchase(quantity: 2, key: "k")).isReplay)
        }
    }

    @Test func keysBelongToTheirCustomerAndEvent() async throws {
        try await withSale { test in
            let other = try #require(EventID("other"))
            try await test.catalogue.ensure(other, EventTerms(name: "", capacity: 100))
            // Customers and keys that would be equal if they were only concatenated.
            let buyers: [(String?, String)] = [
                (nil, "k"), ("a", "k"), ("b", "k"), ("a", "b|k"), ("a|b", "k"), ("a b", "k"), ("a", "b k"), ("k", "k"),
                ("a", String(repeating: "~", count: 255)), ("日本", "\"'\\"),
            ]
            var orders: Set<OrderID> = []
            for (customer, key) in buyers {
                for event in [EventID.demo, other] {
                    let first = try await test.acceptance(of: test.purchase(event, customer: customer, key: key))
                    #expect(!first.isReplay)
                    orders.insert(first.order)
                    let again = try await test.acceptance(of: test.purchase(event, customer: customer, key: key))
                    #expect(again == Acceptance(order: first.order, isReplay: true))
                }
            }
            #expect(orders.count == 2 * buyers.count)
        }
    }

    @Test func aRepeatedKeyInOneCallOfTheScriptCreatesOneOrder() async throws {
        try await withSale { test in
            let group = ClaimScript(
                [
                    test.purchase(key: "k"), test.purchase(key: "k"), test.purchase(quantity: 2, key: "k"),
                    test.purchase(key: "l"),
                ], queueLimit: 100)
            let outcomes = try await test.partition.run(group)
            #expect(outcomes[0] == .accepted(Acceptance(order: group.purchases[0].id)))
            #expect(outcomes[1] == .accepted(Acceptance(order: group.purchases[0].id, isReplay: true)))
            #expect(outcomes[2] == .refused(.idempotencyKeyReused))
            #expect(outcomes[3] == .accepted(Acceptance(order: group.purchases[3].id)))
            #expect(try await test.counters() == Counters(available: 98, pending: 2))
        }
    }

    @Test func aResetForgetsKeys() async throws {
        try await withSale { test in
            let first = try await test.acceptance(of: test.purchase(key: "k"))
            _ = try await test.catalogue.reset(.demo, capacity: nil)
            let second = try await test.acceptance(of: test.purchase(key: "k"))
            #expect(!second.isReplay)
            #expect(second.order != first.order)
        }
    }

    /// The order from before the reset has the same record key as the new order and is still in flight. Its settlement
    /// does not change the record of the new order.
    @Test func anOrderFromBeforeAResetDoesNotChangeTheNewOrderOfItsKey() async throws {
        try await withSale { test in
            let old = try await test.acceptance(of: test.purchase(key: "k"))
            _ = try await test.catalogue.reset(.demo, capacity: nil)
            let new = try await test.acceptance(of: test.purchase(key: "k"))
            #expect(test.keys.order(old.order) == test.keys.order(new.order))
            #expect(old.order != new.order)
            let queue = test.queue()
            let batch = try #require(try await queue.take(limit: 1))
            #expect(batch.orders.map(\.id) == [old.order])
            #expect(try await queue.acknowledge(batch, try await test.ledger.settle(batch.orders)))
            #expect(try await test.inventory.order(new.order)?.state == .pending)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.inventory.order(new.order)?.state == .confirmed)
            #expect(try await test.inventory.order(new.order)?.isPersisted == true)
        }
    }

    /// The record identifies a repeated request. The record of an order with a key is therefore kept for a day, other
    /// records for an hour.
    @Test func aKeyIsKeptForADay() async throws {
        try await withSale { test in
            let queue = test.queue()
            let first = try await test.acceptance(of: test.purchase(key: "k"))
            let plain = try await test.acceptance(of: test.purchase())
            try await test.withWorkers { try await test.waitUntilDrained() }
            for list in [false, true].map(test.keys.settled) {
                // As if it had been settled two hours ago.
                let batch = try #require(try await test.redis("LINDEX", list, "0").string)
                let bar = try #require(batch.firstIndex(of: "|"))
                let time = try #require(Int(batch[..<bar]))
                try await test.redis("LSET", list, "0", "\(time - 7200)\(batch[bar...])")
            }
            #expect(try await queue.deleteOldestRecords())
            #expect(try await !queue.deleteOldestRecords(withKey: true))
            #expect(try await test.inventory.order(plain.order) == nil)
            #expect(
                try await test.acceptance(of: test.purchase(key: "k")) == Acceptance(order: first.order, isReplay: true)
            )
            #expect(try await queue.deleteOldestRecords(withKey: true, retention: .zero))
            let second = try await test.acceptance(of: test.purchase(key: "k"))
            #expect(!second.isReplay)
            #expect(second.order != first.order)
        }
    }
}
