import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// The terms on holders: `max_orders`, `max_holds` and `hold_pause_seconds`.
@Suite(.timeLimit(.minutes(10))) struct HolderTests {
    private func withSale(
        holdSeconds: Int? = 600, orders: Int? = nil, holds: Int? = nil, pause: Int? = nil,
        _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo,
                EventTerms(
                    name: "Demo", capacity: 100, holdSeconds: holdSeconds, maxOrders: orders, maxHolds: holds,
                    holdPauseSeconds: pause))
            try await body(test)
        }
    }

    /// A holder: a customer, or the address of a client without one.
    enum Holder: Sendable, CaseIterable { case customer, address }

    private func purchase(_ test: TestStores, _ holder: Holder, _ name: String = "a", key: String? = nil) -> Purchase {
        var purchase = test.purchase(customer: holder == .customer ? name : nil, key: key)
        if holder == .address { purchase.client = name }
        return purchase
    }

    private func buy(_ test: TestStores, _ holder: Holder, _ name: String = "a") async throws -> Order {
        let acceptance = try await test.acceptance(of: purchase(test, holder, name))
        return try #require(try await test.inventory.order(acceptance.order))
    }

    private func refusal(_ test: TestStores, _ holder: Holder, _ name: String = "a") async throws -> Refusal? {
        guard case .refused(let refusal) = try await test.inventory.claim(purchase(test, holder, name)) else {
            return nil
        }
        return refusal
    }

    private func change(_ test: TestStores, _ order: Order, by transition: OrderTransition) async throws {
        guard case .done = try await test.inventory.change(order, by: transition) else {
            throw GaveUp(description: "\(order.id) was not changed")
        }
    }

    /// Lets the holds of an order's event lapse: sets the ends of all holds to the past.
    private func lapse(_ test: TestStores, _ order: Order) async throws {
        let record = try #require(try await test.redis("GET", test.keys.order(order.id)).string)
        let end = try #require(order.expiresAt).milliseconds
        try await test.redis("SET", test.keys.order(order.id), record.replacing("|\(end)|", with: "|1|"))
        try await test.redis("ZADD", test.keys.holds(.demo), "1", order.id.description)
        try await test.redis("ZADD", test.keys.eventsWithHolds, "1", "demo")
        #expect(try await HoldExpirer(test.partition).expireDue().expired == 1)
    }

    private func fields(_ test: TestStores) async throws -> [String: String] {
        try await test.redis("HGETALL", test.keys.holders(.demo)).fields()
    }

    /// Until when the holder is paused, in seconds from now.
    private func pause(_ test: TestStores, _ holder: Holder) async throws -> Double? {
        guard case .holdPaused(let end, let now) = try await refusal(test, holder) else { return nil }
        return Double(end.milliseconds - now.milliseconds) / 1000
    }

    @Test func eventsWithoutTheseTermsCountNothing() async throws {
        try await withSale { test in
            let order = try await buy(test, .customer)
            _ = try await buy(test, .address)
            try await change(test, order, by: .cancel)
            #expect(try await test.redis("EXISTS", test.keys.holders(.demo), test.keys.lapsed(.demo)).integer == 0)
            // The address is of no interest, and not in the order.
            let other = try await buy(test, .address)
            #expect(other.customer == nil)
        }
    }

    @Test func aPurchaseWithoutCustomerAndAddressIsAskedForItsAddress() async throws {
        try await withSale(holds: 1) { test in
            let outcome = try await test.inventory.claim(test.purchase())
            #expect(outcome == .clientRequired)
            let counters = try await test.counters()
            #expect(counters == Counters(available: 100))
        }
    }

    @Test(arguments: Holder.allCases) func theHoldsUnderWayAreLimited(holder: Holder) async throws {
        try await withSale(holds: 2) { test in
            let first = try await buy(test, holder)
            let second = try await buy(test, holder)
            #expect(try await refusal(test, holder) == .holdLimit(2))
            #expect(try await refusal(test, holder, "b") == nil)
            try await change(test, first, by: .confirm)
            let third = try await buy(test, holder)
            #expect(try await refusal(test, holder) == .holdLimit(2))
            try await change(test, second, by: .cancel)
            _ = try await buy(test, holder)
            try await lapse(test, third)
            _ = try await buy(test, holder)
            #expect(try await refusal(test, holder) == .holdLimit(2))
        }
    }

    @Test func eventsWithoutHoldsCountNoHolds() async throws {
        try await withSale(holdSeconds: nil, holds: 1, pause: 60) { test in
            for holder in [Holder.customer, .address] {
                for _ in 0..<2 { _ = try await buy(test, holder) }
            }
            #expect(try await fields(test) == [:])
        }
    }

    @Test func aCustomerAndAnAddressOfTheSameNameAreTwoHolders() async throws {
        try await withSale(holds: 1) { test in
            _ = try await buy(test, .customer)
            _ = try await buy(test, .address)
            #expect(try await refusal(test, .customer) == .holdLimit(1))
            #expect(try await refusal(test, .address) == .holdLimit(1))
        }
    }

    @Test(arguments: Holder.allCases) func concurrentHoldsDoNotExceedTheLimit(holder: Holder) async throws {
        try await withSale(holds: 3) { test in
            let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    let purchase = purchase(test, holder)
                    group.addTask {
                        if case .accepted = try await test.inventory.claim(purchase) { true } else { false }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(accepted == 3)
            #expect(try await test.counters() == Counters(available: 97, held: 3))
        }
    }

    @Test func aRepeatedPurchaseIsNoSecondHold() async throws {
        try await withSale(holds: 1) { test in
            let first = try await test.acceptance(of: purchase(test, .customer, key: "k"))
            let again = try await test.acceptance(of: purchase(test, .customer, key: "k"))
            #expect(again.order == first.order)
            #expect(again.isReplay)
            #expect(try await fields(test)["ca"] == "0|1|0|0")
        }
    }

    @Test func nothingIsLeftOfHoldersWithoutHolds() async throws {
        try await withSale(holds: 5, pause: 60) { test in
            for transition in [OrderTransition.cancel, .confirm] {
                let orders = [try await buy(test, .customer), try await buy(test, .address)]
                for order in orders { try await change(test, order, by: transition) }
                #expect(try await fields(test) == [:])
            }
        }
    }

    @Test(arguments: Holder.allCases) func pausesGrowWithEachHoldThatLapses(holder: Holder) async throws {
        try await withSale(pause: 100) { test in
            // Held at the same time, so that they lapse in a row.
            var orders: [Order] = []
            for _ in 0..<8 { orders.append(try await buy(test, holder)) }
            for (index, order) in orders.prefix(7).enumerated() {
                try await lapse(test, order)
                let expected = min(3600, 100 * Double(1 << index))
                let left = try #require(try await pause(test, holder))
                #expect(left <= expected)
                #expect(left > expected - 10)
            }
            #expect(try await refusal(test, holder, "b") == nil)
            // A confirmed order ends the row.
            try await change(test, orders[7], by: .confirm)
            let next = try await buy(test, holder)
            try await lapse(test, next)
            let first = try #require(try await pause(test, holder))
            #expect(first <= 100)
        }
    }

    @Test func aCancelledHoldIsNoLapse() async throws {
        try await withSale(pause: 100) { test in
            try await change(test, try await buy(test, .customer), by: .cancel)
            _ = try await buy(test, .customer)
        }
    }

    @Test func anEndedPauseIsOverAndIsForgottenLater() async throws {
        try await withSale(pause: 1) { test in
            try await lapse(test, try await buy(test, .address))
            #expect(try await refusal(test, .address) != nil)
            try await eventually("the pause is over") { try await refusal(test, .address) == nil }
            let held = try await test.redis("HGETALL", test.keys.holders(.demo)).fields()
            #expect(held["aa"]?.hasPrefix("0|1|1|") == true, "the next pause is longer")
            // An hour later.
            try await test.redis("ZADD", test.keys.lapsed(.demo), "1", "aa")
            let other = try await buy(test, .customer)
            try await change(test, other, by: .cancel)
            #expect(try await fields(test)["aa"] == "0|1|0|0")
            #expect(try await test.redis("EXISTS", test.keys.lapsed(.demo)).integer == 0)
        }
    }

    @Test(arguments: Holder.allCases, [nil, 600])
    func theOrdersOfAHolderAreLimitedAlsoCancelledOnes(holder: Holder, holdSeconds: Int?) async throws {
        try await withSale(holdSeconds: holdSeconds, orders: 2) { test in
            let first = try await buy(test, holder)
            if holdSeconds == nil { try await test.withWorkers { try await test.waitUntilDrained() } }
            let present = try #require(try await test.inventory.order(first.id))
            try await change(test, present, by: .cancel)
            _ = try await buy(test, holder)
            #expect(try await refusal(test, holder) == .orderLimit(2))
            #expect(try await refusal(test, holder, "b") == nil)
            _ = try await test.catalogue.put(.demo, EventChange(maxOrders: 3))
            _ = try await buy(test, holder)
            #expect(try await refusal(test, holder) == .orderLimit(3))
        }
    }

    @Test func aResetForgetsTheHolders() async throws {
        try await withSale(orders: 1, holds: 1, pause: 60) { test in
            _ = try await buy(test, .customer)
            try await lapse(test, try await buy(test, .address))
            _ = try await test.catalogue.reset(.demo, capacity: nil)
            #expect(try await test.redis("EXISTS", test.keys.holders(.demo), test.keys.lapsed(.demo)).integer == 0)
            _ = try await buy(test, .customer)
            _ = try await buy(test, .address)
        }
    }

    @Test func withoutTheTermsTheHoldersAreForgotten() async throws {
        try await withSale(holds: 1) { test in
            let held = try await buy(test, .customer)
            _ = try await test.catalogue.put(.demo, EventChange(maxHolds: .some(nil)))
            #expect(try await test.redis("EXISTS", test.keys.holders(.demo)).integer == 0)
            _ = try await buy(test, .customer)
            _ = try await test.catalogue.put(.demo, EventChange(maxHolds: 1))
            // Holds that began before do not count, and their end changes nothing.
            let counted = try await buy(test, .customer)
            try await change(test, held, by: .cancel)
            #expect(try await refusal(test, .customer) == .holdLimit(1))
            try await change(test, counted, by: .cancel)
            _ = try await buy(test, .customer)
        }
    }

    @Test func anArchivedEventHasNoHolders() async throws {
        try await withSale(holdSeconds: nil, orders: 1) { test in
            _ = try await buy(test, .address)
            try await test.withWorkers { try await test.waitUntilDrained() }
            _ = try await test.catalogue.put(.demo, EventChange(archived: true))
            #expect(try await test.redis("EXISTS", test.keys.holders(.demo)).integer == 0)
        }
    }

    /// The ledger knows customers, and no addresses.
    @Test func aRebuildRestoresTheHoldersThatAreCustomers() async throws {
        try await withSale(orders: 2, holds: 1) { test in
            let held = try await buy(test, .customer)
            _ = try await buy(test, .address)
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(try await fields(test) == ["ca": "1|1|0|0", "o\(held.id)": "ca"])
            #expect(try await refusal(test, .customer) == .holdLimit(1))
            try await change(test, held, by: .confirm)
            try await change(test, try await buy(test, .customer), by: .cancel)
            #expect(try await refusal(test, .customer) == .orderLimit(2))
            #expect(try await refusal(test, .address) == nil)
        }
    }

    @Test func ordersThatTheLedgerRejectsAreNoHolds() async throws {
        try await withSale(orders: 1, holds: 1) { test in
            _ = try await buy(test, .address)
            let batch = try #require(try await test.queue().take(limit: 1))
            #expect(try await test.queue().acknowledge(batch, [.rejected(reason: "test")]))
            #expect(try await fields(test) == [:])
            #expect(try await refusal(test, .address) == nil)
        }
    }

    @Test func theTermsAreInTheLedgerAndInReports() async throws {
        try await withSale(orders: 3, holds: 2, pause: 7) { test in
            let terms = try #require(try await test.ledger.event(.demo)?.terms)
            #expect([terms.maxOrders, terms.maxHolds, terms.holdPauseSeconds] == [3, 2, 7])
            let report = try #require(try await test.inventory.event(.demo)?.terms)
            #expect(report == terms)
        }
    }
}
