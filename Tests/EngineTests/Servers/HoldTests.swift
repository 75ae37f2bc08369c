import NIOCore
import NIOPosix
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Timing

@Suite(.timeLimit(.minutes(10))) struct HoldTests {
    /// Stores with the event `demo`.
    private func withSale(
        capacity: Int = 10, holdSeconds: Int = 600, redis: RedisServer? = nil, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores(redis: redis) { test in
            try await test.catalogue.ensure(
                .demo, EventTerms(name: "Demo", capacity: capacity, maxQuantity: 1000, holdSeconds: holdSeconds))
            try await body(test)
        }
    }

    @Test func aHoldTakesStockAndItsConfirmationSellsIt() async throws {
        try await withSale { test in
            let order = try await test.hold(quantity: 3, customer: "c")
            #expect(order.state == .held)
            #expect(order.version == 1)
            #expect(!order.isPersisted)
            #expect(order.expiresAt == Timestamp(milliseconds: order.claimedAt.milliseconds + 600_000))
            #expect(try await test.counters() == Counters(available: 7, held: 3))
            guard case .done(let confirmed) = try await test.inventory.change(order, by: .confirm) else {
                Issue.record("not confirmed")
                return
            }
            #expect(confirmed.state == .confirmed)
            #expect(confirmed.version == 2)
            #expect(confirmed.expiresAt == order.expiresAt, "a confirmation does not extend the hold")
            #expect(try await test.inventory.change(order, by: .confirm) == .already(confirmed))
            #expect(try await test.counters() == Counters(available: 7, sold: 3))
            try await test.withWorkers { try await test.waitUntilDrained() }
            let row = try #require(try await test.ledger.order(order.id))
            #expect(row.state == .confirmed)
            #expect(row.version == 2)
            #expect(row.customer == "c")
            #expect(row.confirmedAt == confirmed.confirmedAt)
            #expect(row.expiresAt == order.expiresAt)
            #expect(try #require(try await test.inventory.order(order.id)).isPersisted)
            #expect(try await test.isAtRest())
        }
    }

    @Test func heldOrdersReachTheLedgerAsHeld() async throws {
        try await withSale { test in
            let order = try await test.hold(quantity: 4)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.ledger.order(order.id)?.state == .held)
            #expect(try await test.sql("SELECT held || '/' || sold FROM events") == "4/0")
            #expect(try await test.isAtRest())
        }
    }

    @Test func aCancellationReleasesTheUnitsOnce() async throws {
        try await withSale { test in
            let order = try await test.hold(quantity: 3, customer: "c")
            guard case .done(let cancelled) = try await test.inventory.change(order, by: .cancel) else {
                Issue.record("not cancelled")
                return
            }
            #expect(cancelled.state == .cancelled)
            for _ in 0..<3 { #expect(try await test.inventory.change(order, by: .cancel) == .already(cancelled)) }
            #expect(try await test.inventory.change(order, by: .confirm) == .conflict(cancelled))
            #expect(try await test.counters() == Counters(available: 10))
            #expect(try await test.redis("HGET", test.keys.customers(.demo), "c") == .null)
            #expect(try await test.redis("EXISTS", test.keys.holds(.demo), test.keys.eventsWithHolds).integer == 0)
        }
    }

    @Test func aCancelledConfirmedOrderReturnsItsUnitsToSale() async throws {
        try await withSale { test in
            let order = try await test.hold(quantity: 10)
            _ = try await test.inventory.change(order, by: .confirm)
            try await test.withWorkers { try await test.waitUntilDrained() }
            guard case .done = try await test.inventory.change(order, by: .cancel) else {
                Issue.record("not cancelled")
                return
            }
            #expect(try await test.counters() == Counters(available: 10))
            _ = try await test.hold(quantity: 10)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.ledger.order(order.id)?.state == .cancelled)
            #expect(try await test.sql("SELECT previous_status FROM orders WHERE version = 3") == "confirmed")
            #expect(try await test.isAtRest())
        }
    }

    @Test func anOrderWithoutAHoldCanBeCancelledAfterItIsConfirmed() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 10))
            _ = try await test.claimAtOnce(1, quantity: 2)
            let id = try #require(try await test.queue().take(limit: 1)?.orders.first?.id)
            let pending = try #require(try await test.inventory.order(id))
            #expect(try await test.inventory.change(pending, by: .cancel) == .conflict(pending))
            #expect(try await test.inventory.change(pending, by: .confirm) == .conflict(pending))
            try await test.withWorkers(lease: .milliseconds(200)) {
                // The batch that this test took can be reclaimed.
                try await test.redis("ZADD", test.keys.leases, "1", try await test.onlyToken())
                try await test.waitUntilDrained()
            }
            let order = try #require(try await test.inventory.order(id))
            guard case .done = try await test.inventory.change(order, by: .cancel) else {
                Issue.record("not cancelled")
                return
            }
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.counters() == Counters(available: 10))
            #expect(try await test.ledger.order(id)?.state == .cancelled)
            #expect(try await test.isAtRest())
        }
    }

    @Test func anOrderWithoutARecordIsCancelledFromItsLedgerRow() async throws {
        try await withSale { test in
            let order = try await test.hold(quantity: 3, customer: "c")
            _ = try await test.inventory.change(order, by: .confirm)
            try await test.withWorkers { try await test.waitUntilDrained() }
            while try await test.queue().deleteOldestRecords(retention: .zero) {}
            #expect(try await test.inventory.order(order.id) == nil)
            let row = try #require(try await test.ledger.order(order.id))
            let outcomes = try await withThrowingTaskGroup(of: TransitionOutcome.self) { group in
                for _ in 0..<20 { group.addTask { try await test.inventory.change(row, by: .cancel) } }
                return try await group.reduce(into: [TransitionOutcome]()) { $0.append($1) }
            }
            #expect(outcomes.count { if case .done = $0 { true } else { false } } == 1)
            #expect(outcomes.count { if case .already = $0 { true } else { false } } == 19)
            #expect(try await test.counters() == Counters(available: 10))
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.ledger.order(order.id)?.state == .cancelled)
            #expect(try await test.isAtRest())
        }
    }

    @Test func recordsOfHeldOrUnpersistedOrdersAreNotDeleted() async throws {
        try await withSale { test in
            let (held, confirmed) = (try await test.hold(), try await test.hold())
            try await test.withWorkers { try await test.waitUntilDrained() }
            _ = try await test.inventory.change(confirmed, by: .confirm)
            while try await test.queue().deleteOldestRecords(retention: .zero) {}
            #expect(try await test.inventory.order(held.id)?.state == .held)
            #expect(try await test.inventory.order(confirmed.id)?.state == .confirmed)
        }
    }

    // MARK: Ends

    @Test func anOverdueHoldCannotBeConfirmedBeforeItIsExpired() async throws {
        try await withSale(holdSeconds: 1) { test in
            let order = try await test.hold(quantity: 2)
            try await eventually("the hold is overdue") {
                try await test.redis("TIME").time() >= order.expiresAt ?? Timestamp(milliseconds: .max)
            }
            #expect(try await test.inventory.change(order, by: .confirm) == .holdExpired)
            #expect(try await test.inventory.order(order.id) == order, "a refusal changes nothing")
            #expect(try await test.counters() == Counters(available: 8, held: 2))
            let holds = HoldExpirer(test.partition)
            #expect(try await holds.expireDue().expired == 1)
            #expect(try await holds.expireDue() == HoldExpirer.Round(expired: 0, rest: nil))
            let expired = try #require(try await test.inventory.order(order.id))
            #expect(expired.state == .expired)
            #expect(try await test.inventory.change(order, by: .confirm) == .holdExpired, "and after the expiry")
            #expect(try await test.inventory.change(order, by: .cancel) == .conflict(expired))
            #expect(try await test.counters() == Counters(available: 10))
        }
    }

    @Test func workersExpireEachOverdueHoldOnce() async throws {
        try await withSale(capacity: 1000, holdSeconds: 1) { test in
            let other = try #require(EventID("other"))
            try await test.catalogue.ensure(other, EventTerms(name: "", capacity: 1000, holdSeconds: 600))
            _ = try await test.claimAtOnce(1000, customer: { "c\($0 % 7)" })
            let kept = try await test.hold(other)
            #expect(try await test.counters() == Counters(held: 1000))
            try await test.withWorkers(3) {
                try await eventually("all units are for sale again") {
                    try await test.counters() == Counters(available: 1000)
                }
                try await test.waitUntilDrained()
                #expect(try await test.inventory.order(kept.id)?.state == .held, "the hold is not overdue")
            }
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE status = 'expired'") == "1000")
            #expect(try await test.redis("EXISTS", test.keys.customers(.demo), test.keys.holds(.demo)).integer == 0)
            #expect(try await test.isAtRest())
            #expect(try await test.isAtRest(other))
        }
    }

    @Test func expiryReportsTheTimeUntilTheNextExpiry() async throws {
        try await withSale(holdSeconds: 100) { test in
            let holds = HoldExpirer(test.partition)
            #expect(try await holds.expireDue() == HoldExpirer.Round(expired: 0, rest: nil))
            let order = try await test.hold()
            let rest = try #require(try await holds.expireDue().rest)
            #expect(rest > .seconds(60) && rest <= .seconds(100))
            _ = try await test.inventory.change(order, by: .confirm)
            #expect(try await holds.expireDue() == HoldExpirer.Round(expired: 0, rest: nil))
        }
    }

    /// Thousands of holds expire while they are confirmed and cancelled, some before and some after their deadline. The
    /// test repeats this until both confirmations and expiries have occurred.
    @Test func concurrentConfirmCancelAndExpireHaveOneWinner() async throws {
        try await withSale(capacity: 100_000, holdSeconds: 1) { test in
            var units: [OrderState: Int] = [:]
            var rounds = 0
            while rounds < 2 || rounds < 10 && (units[.confirmed] == nil || units[.expired] == nil) {
                rounds += 1
                // A slow machine needs more time before the first deadline for a confirmation to win.
                let lead = Int64(30 << (rounds % 5))
                for (state, count) in try await race(test, orders: 1500, lead: lead) {
                    units[state, default: 0] += count
                }
            }
            #expect(units.count == 3, "a race has winners on both sides: \(units)")
            let sold = units[.confirmed] ?? 0
            #expect(try await test.counters() == Counters(available: 100_000 - sold, sold: sold))
            let customers = try await test.redis("HVALS", test.keys.customers(.demo)).array?.compactMap(\.integer) ?? []
            #expect(customers.reduce(0, +) == Int64(sold))
            try await test.withWorkers(2, batchSize: 200) { try await test.waitUntilDrained() }
            let counted = try await test.sql("SELECT coalesce(sum(quantity), 0) FROM orders WHERE status = 'confirmed'")
            #expect(counted == "\(sold)")
            #expect(try await test.sql("SELECT count(*) FROM orders") == "\(rounds * 1500)")
            #expect(try await test.isAtRest())
        }
    }

    /// Runs one round.
    ///
    /// - Parameter lead: milliseconds from the begin of the transitions until the first hold expires.
    /// - Returns: the number of units in each final state.
    private func race(_ test: TestStores, orders count: Int, lead: Int64) async throws -> [OrderState: Int] {
        let orders = try await withThrowingTaskGroup(of: Order.self) { group in
            for number in 0..<count { group.addTask { try await test.hold(quantity: 2, customer: "c\(number % 50)") } }
            return try await group.reduce(into: [Order]()) { $0.append($1) }
        }
        let holds = HoldExpirer(test.partition)
        let first = try #require(orders.compactMap(\.expiresAt).min())
        let last = try #require(orders.compactMap(\.expiresAt).max())
        try await eventually("the first holds are about to expire") {
            try await test.redis("TIME").time().milliseconds >= first.milliseconds - lead
        }
        let outcomes = try await withThrowingTaskGroup(of: (OrderID, OrderTransition, TransitionOutcome)?.self) {
            group in
            for (number, order) in orders.enumerated() {
                for transition in number % 3 == 0 ? [OrderTransition.confirm, .cancel] : [.confirm, .confirm] {
                    group.addTask { (order.id, transition, try await test.inventory.change(order, by: transition)) }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    while try await test.redis("TIME").time() <= last { _ = try await holds.expireDue() }
                    return nil
                }
            }
            return try await group.reduce(into: [(OrderID, OrderTransition, TransitionOutcome)]()) {
                if let outcome = $1 { $0.append(outcome) }
            }
        }
        try await eventually("nothing is due") {
            try await holds.expireDue() == HoldExpirer.Round(expired: 0, rest: nil)
        }

        var wins: [OrderID: [OrderTransition]] = [:]
        for case (let id, let transition, .done) in outcomes { wins[id, default: []].append(transition) }
        var units: [OrderState: Int] = [:]
        for order in orders {
            let state = try #require(try await test.inventory.order(order.id)).state
            units[state, default: 0] += order.quantity
            // A later cancellation may cancel a confirmed order.
            let allowed: Set<[OrderTransition]> =
                switch state {
                case .confirmed: [[.confirm]]
                case .cancelled: [[.cancel], [.confirm, .cancel], [.cancel, .confirm]]
                case .expired: [[]]
                default: []
                }
            #expect(allowed.contains(wins[order.id] ?? []), "\(state) by \(wins[order.id] ?? [])")
        }
        return units
    }

    @Test func anEventBeingRebuiltKeepsItsHoldsAndDoesNotDelayTheExpiryOfOthers() async throws {
        try await withSale(holdSeconds: 1) { test in
            let other = try #require(EventID("other"))
            try await test.catalogue.ensure(other, EventTerms(name: "", capacity: 5, holdSeconds: 1))
            let (stuck, free) = (try await test.hold(), try await test.hold(other))
            try await test.redis("HSET", test.keys.event(.demo), "closed", "1")
            #expect(try await test.inventory.change(stuck, by: .cancel) == .recovering)
            let holds = HoldExpirer(test.partition)
            try await eventually("the hold of the other event has expired") {
                _ = try await holds.expireDue()
                return try await test.inventory.order(free.id)?.state == .expired
            }
            #expect(try await test.inventory.order(stuck.id)?.state == .held)
            try await test.catalogue.publish(.demo)
            try await eventually("the hold of the first event has expired") {
                _ = try await holds.expireDue()
                return try await test.inventory.order(stuck.id)?.state == .expired
            }
            #expect(try await test.counters() == Counters(available: 10))
        }
    }

    @Test func aResetDeletesHoldsAndTheirRecords() async throws {
        try await withSale(capacity: 2000) { test in
            let (orders, _) = try await test.claimAtOnce(1200, customer: { "c\($0)" })
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.catalogue.reset(.demo, capacity: 5) == 5)
            #expect(try await test.counters() == Counters(available: 5))
            #expect(
                try await test.redis(
                    "EXISTS", test.keys.holds(.demo), test.keys.customers(.demo), test.keys.order(orders[0].id)
                ).integer == 0)
            #expect(try await test.redis("KEYS", "*order:*").array?.isEmpty == true)
            let gone = Order(
                id: orders[0].id, event: .demo, quantity: 1, state: .held, ledgerVersion: 1,
                claimedAt: Timestamp(milliseconds: 1))
            #expect(try await test.inventory.change(gone, by: .cancel) == .orderUnknown)
            #expect(try await test.counters() == Counters(available: 5))
        }
    }

    @Test func aHoldThatTheLedgerRefusesIsRejectedInAnyState() async throws {
        try await withSale(capacity: 2) { test in
            // Redis has more stock than the capacity.
            try await test.redis("HSET", test.keys.event(.demo), "stock", "4")
            var orders: [Order] = []
            for _ in 0..<4 { orders.append(try await test.hold(customer: "c")) }
            _ = try await test.inventory.change(orders[3], by: .confirm)
            try await test.withWorkers { try await test.waitUntilDrained() }
            var states: [OrderState: Int] = [:]
            for order in orders {
                let record = try #require(try await test.inventory.order(order.id))
                states[record.state, default: 0] += 1
                #expect(record.isPersisted)
                let reason = record.state == .rejected ? "oversold" : nil
                #expect(record.reason == reason)
            }
            #expect(states[.rejected] == 2)
            #expect(try await test.redis("HGET", test.keys.customers(.demo), "c").integer == 2)
            #expect(try await test.isAtRest())
            #expect(try await test.redis("ZCARD", test.keys.holds(.demo)).integer == Int64(states[.held] ?? 0))
        }
    }
}
