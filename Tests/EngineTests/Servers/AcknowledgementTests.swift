import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema
@testable import Timing

/// Orders that are confirmed by ranges of their sequence numbers; their records stay as the claim wrote them.
@Suite(.timeLimit(.minutes(10))) struct AcknowledgementTests {
    private func withSale(_ body: (TestStores) async throws -> Void) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1000))
            try await body(test)
        }
    }

    private let time = Timestamp(milliseconds: 1_795_466_379_441)
    private var confirmed: Settlement { .recorded(version: 1, confirmedAt: time) }

    private func records(_ ids: [OrderID], _ test: TestStores) async throws -> [String?] {
        var records: [String?] = []
        for id in ids { records.append(try await test.redis("GET", test.keys.order(id)).string) }
        return records
    }

    private func ranges(_ test: TestStores, withKey: Bool = false) async throws -> [String] {
        try await test.redis("ZRANGE", test.keys.confirmed(withKey: withKey), "0", "-1").array?.compactMap(\.string)
            ?? []
    }

    @Test func aBatchIsConfirmedByOneRange() async throws {
        try await withSale { test in
            let ids = try await test.claimAtOnce(50).accepted.map(\.id)
            let batch = try #require(try await test.queue().take(limit: 40))
            let before = try await records(ids, test)
            #expect(try await test.queue().acknowledge(batch, batch.orders.map { _ in confirmed }))
            #expect(try await records(ids, test) == before)
            #expect(try await ranges(test) == ["1|40|\(time.milliseconds)"])
            #expect(try await test.counters() == Counters(available: 950, pending: 10, sold: 40))
            let order = try #require(try await test.inventory.order(batch.orders[39].id))
            #expect(order.state == .confirmed)
            #expect(order.isPersisted)
            #expect(order.confirmedAt == time)
            let next = try #require(try await test.queue().take(limit: 1)?.orders.first)
            #expect(next.sequence == 41)
            #expect(try await test.inventory.order(next.id)?.state == .pending)
        }
    }

    /// Batches can reach the ledger in another order than that of the queue.
    @Test func aLaterBatchConfirmsNoEarlierOrder() async throws {
        try await withSale { test in
            _ = try await test.claimAtOnce(20)
            let first = try #require(try await test.queue().take(limit: 10))
            let second = try #require(try await test.queue().take(limit: 10))
            #expect(try await test.queue().acknowledge(second, second.orders.map { _ in confirmed }))
            for order in first.orders {
                #expect(try await test.inventory.order(order.id)?.state == .pending)
                #expect(try await test.inventory.change(order, by: .cancel) == .conflict(order))
            }
            for order in second.orders { #expect(try await test.inventory.order(order.id)?.state == .confirmed) }
        }
    }

    /// The range ends at the order that the ledger does not have.
    @Test func anOrderThatTheLedgerDoesNotHaveStaysPending() async throws {
        try await withSale { test in
            _ = try await test.claimAtOnce(5)
            let batch = try #require(try await test.queue().take(limit: 10))
            let unsettled = Settlement.unsettleable(reason: "why")
            #expect(
                try await test.queue().acknowledge(batch, [confirmed, confirmed, unsettled, confirmed, confirmed]))
            #expect(try await ranges(test) == ["1|2|\(time.milliseconds)", "4|5|\(time.milliseconds)"])
            #expect(try await test.inventory.order(batch.orders[2].id)?.state == .pending)
            // Requeued, it is confirmed by a range of its own.
            let letter = try #require(try await test.queue().deadLetters(limit: 1).first)
            #expect(try await test.queue().requeue(letter.id) == .done)
            let again = try #require(try await test.queue().take(limit: 10))
            #expect(try await test.queue().acknowledge(again, [confirmed]))
            #expect(try await test.inventory.order(batch.orders[2].id)?.state == .confirmed)
            #expect(try await test.counters() == Counters(available: 995, sold: 5))
        }
    }

    @Test func anOrderThatARangeConfirmedCanBeCancelledOnce() async throws {
        try await withSale { test in
            let id = try await test.acceptance(of: test.purchase(quantity: 2, customer: "c")).order
            try await test.withWorkers { try await test.waitUntilDrained() }
            let order = try #require(try await test.inventory.order(id))
            #expect(try await test.inventory.change(order, by: .confirm) == .already(order))
            guard case .done(let cancelled) = try await test.inventory.change(order, by: .cancel) else {
                throw GaveUp(description: "not cancelled")
            }
            #expect(cancelled.version == 2)
            #expect(cancelled.ledgerVersion == 1)
            #expect(cancelled.confirmedAt == order.confirmedAt)
            #expect(cancelled.sequence == nil)
            #expect(try await test.inventory.change(order, by: .cancel) == .already(cancelled))
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.inventory.order(id)?.state == .cancelled)
            #expect(try await test.inventory.order(id)?.isPersisted == true)
            #expect(try await test.isAtRest())
        }
    }

    /// One batch has orders with and without a key. Their records are deleted at different times, and each range stays
    /// as long as a record needs it.
    @Test func rangesAreDeletedWithTheRecordsThatNeedThem() async throws {
        try await withSale { test in
            let keyed = try await test.acceptance(of: test.purchase(key: "k")).order
            let plain = try await test.acceptance(of: test.purchase()).order
            try await test.withWorkers { try await test.waitUntilDrained() }
            let queue = test.queue()
            for withKey in [false, true] { #expect(try await !ranges(test, withKey: withKey).isEmpty) }
            #expect(try await queue.deleteOldestRecords(retention: .zero))
            #expect(try await test.inventory.order(plain) == nil)
            #expect(try await ranges(test).isEmpty)
            #expect(try await test.inventory.order(keyed)?.state == .confirmed)
            #expect(try await queue.deleteOldestRecords(withKey: true, retention: .zero))
            #expect(try await test.inventory.order(keyed) == nil)
            #expect(try await ranges(test, withKey: true).isEmpty)
            #expect(try await test.redis("KEYS", "*order:*").array?.isEmpty == true)
        }
    }

    /// The ledger has the batch, and Redis was not told: the batch is delivered again, and confirmed with the time of
    /// the first delivery.
    @Test func aBatchWhoseAcknowledgementWasLostIsConfirmedOnce() async throws {
        try await withSale { test in
            _ = try await test.claimAtOnce(10)
            let first = try #require(try await test.queue().take(limit: 10))
            let settled = try await test.ledger.settle(first.orders, lease: first.number)
            try await test.queue().release(first.token)
            let second = try #require(try await test.queue().reclaim(first.token)?.batch)
            let again = try await test.ledger.settle(second.orders, lease: second.number)
            #expect(again == settled)
            #expect(try await test.queue().acknowledge(second, again))
            #expect(try await !test.queue().acknowledge(first, settled))
            let order = try #require(try await test.inventory.order(first.orders[0].id))
            #expect(try await ranges(test) == ["1|10|\(order.confirmedAt?.milliseconds ?? 0)"])
            #expect(order.confirmedAt == (try await test.ledger.order(order.id)?.confirmedAt))
            #expect(try await test.isAtRest())
        }
    }

    /// A counter that was damaged by hand numbers no order. The orders are settled one by one.
    @Test func ordersWithoutANumberAreSettledByTheirRecords() async throws {
        try await withSale { test in
            try await test.redis("SET", test.keys.lastSequence, "damaged")
            let ids = try await test.claimAtOnce(10).accepted.map(\.id)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await ranges(test).isEmpty)
            for id in ids { #expect(try await test.inventory.order(id)?.state == .confirmed) }
            #expect(try await test.isAtRest())
        }
    }

    /// A hold has no number, so it is in no range and does not divide one.
    @Test func holdsDoNotDivideARange() async throws {
        try await withSale { test in
            let held = try #require(EventID("held"))
            try await test.catalogue.ensure(held, EventTerms(name: "Held", capacity: 10, holdSeconds: 600))
            let first = try await test.acceptance(of: test.purchase()).order
            let hold = try await test.acceptance(of: test.purchase(held)).order
            let last = try await test.acceptance(of: test.purchase()).order
            let batch = try #require(try await test.queue().take(limit: 10))
            #expect(batch.orders.map(\.sequence) == [1, nil, 2])
            #expect(try await test.queue().acknowledge(batch, try await test.ledger.settle(batch.orders)))
            #expect(try await ranges(test).count == 1)
            for id in [first, last] { #expect(try await test.inventory.order(id)?.state == .confirmed) }
            #expect(try await test.inventory.order(hold)?.state == .held)
            #expect(try await test.inventory.order(hold)?.isPersisted == true)
        }
    }
}
