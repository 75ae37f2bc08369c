import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import Timing

@Suite(.timeLimit(.minutes(10))) struct ReconcileTests {
    /// Stores with the event `demo`.
    private func withSale(
        holdSeconds: Int = 1, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo, EventTerms(name: "Demo", capacity: 2000, customerLimit: 50, holdSeconds: holdSeconds))
            try await body(test)
        }
    }

    private func act(_ test: TestStores, buyer: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(buyer))
        for _ in 0..<60 {
            let key = Bool.random(using: &generator) ? "k\(Int.random(in: 0..<30, using: &generator))" : nil
            let quantity = key == nil ? Int.random(in: 1...3, using: &generator) : 1
            let purchase = test.purchase(quantity: quantity, customer: "c\(buyer)", key: key)
            guard case .accepted(let acceptance) = try await test.inventory.claim(purchase),
                let order = try await test.inventory.order(acceptance.order)
            else { continue }
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                _ = try await test.inventory.change(order, by: Bool.random(using: &generator) ? .confirm : .cancel)
            }
        }
    }

    @Test func reconciliationUnderLoadReportsNoFalseDrift() async throws {
        try await withSale { test in
            let compared = try await test.withWorkers(3, batchSize: 40) {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for buyer in 0..<40 {
                        group.addTask {
                            try await act(test, buyer: buyer)
                            return 0
                        }
                    }
                    group.addTask {
                        var compared = 0
                        for _ in 0..<40 {
                            let result = try await test.catalogue.reconcile(.demo)
                            if case .notCompared = result.outcome { continue }
                            #expect(result.outcome == .consistent, "\(result)")
                            if result.inFlight > 0 { compared += 1 }
                        }
                        return compared
                    }
                    return try await group.reduce(0, +)
                }
            }
            #expect(compared > 0, "no comparison ran under load")
        }
    }

    /// Drift is reported to the unit under load, too; units that would be oversold are removed from sale at once.
    @Test func driftIsDetectedAndRepairedIfThatIsSafe() async throws {
        // No hold expires: only the orders of the test are in flight.
        try await withSale(holdSeconds: 600) { test in
            #expect(try await test.claimAtOnce(100, customer: { "c\($0)" }).accepted.count == 100)
            let batch = try #require(try await test.queue().take(limit: 60))
            _ = try await test.ledger.settle(batch.orders, lease: batch.number)
            try await test.redis("HINCRBY", test.keys.event(.demo), "stock", "17")
            let result = try await test.catalogue.reconcile(.demo)
            #expect(result.outcome == .repaired)
            #expect(result.drift == UnitCounts(available: 17))
            #expect(result.inFlight == 100)
            #expect(try await test.catalogue.reconcile(.demo).outcome == .consistent)
            // Units without an owner are returned to sale only when no order is in flight.
            try await test.redis("HINCRBY", test.keys.event(.demo), "stock", "-9")
            let leak = try await test.catalogue.reconcile(.demo)
            #expect(leak.outcome == .notSafeToRepair)
            #expect(leak.drift == UnitCounts(available: -9))
            try await test.queue().release(batch.token)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.catalogue.reconcile(.demo).outcome == .repaired)
            #expect(try await test.catalogue.reconcile(.demo).outcome == .consistent)
            let counters = try await test.counters()
            #expect(counters.available + counters.held == 2000)
            #expect(counters.pending == 0)
        }
    }

    /// Too many units, too few, none, and units of a customer without orders.
    @Test(arguments: [1, 3]) func unitsOfCustomersAreComparedAndRepaired(quantity: Int) async throws {
        // A small event, and one that is searched in slices.
        try await withSale(holdSeconds: 600) { test in
            _ = try await test.catalogue.put(.demo, EventChange(capacity: 5000))
            #expect(
                try await test.claimAtOnce(1500, quantity: quantity, customer: { "c\($0 % 1300)" }).accepted.count
                    == 1500)
            try await test.withWorkers { try await test.waitUntilDrained() }
            let customers = test.keys.customers(.demo)
            try await test.redis("HSET", customers, "c0", "9", "c1", "1", "phantom", "3")
            try await test.redis("HDEL", customers, "c2")
            let result = try await test.catalogue.reconcile(.demo)
            #expect(result.customers == 4)
            #expect(result.outcome == .repaired)
            #expect(result.drift == UnitCounts())
            let units = try await test.inventory.units(of: ["c0", "c1", "c2", "phantom"], in: .demo)
            #expect(units == [2 * quantity, 2 * quantity, 2 * quantity, 0])
            #expect(try await test.catalogue.reconcile(.demo).outcome == .consistent)
        }
    }

    @Test func recordsAndHoldsAreComparedAndRepaired() async throws {
        try await withSale(holdSeconds: 600) { test in
            let keyed = test.purchase(customer: "k", key: "only once")
            guard case .accepted(let first) = try await test.inventory.claim(keyed) else {
                throw GaveUp(description: "")
            }
            let (lost, stray) = (try await test.hold(customer: "a"), try await test.hold(customer: "b"))
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.redis("DEL", test.keys.order(keyed.id), test.keys.order(lost.id))
            try await test.redis("ZREM", test.keys.holds(.demo), lost.id.description, stray.id.description)
            let result = try await test.catalogue.reconcile(.demo)
            #expect(result.records == 3)
            #expect(result.outcome == .repaired)
            #expect(try await test.catalogue.reconcile(.demo).outcome == .consistent)
            let replay = Acceptance(order: first.order, expiresAt: first.expiresAt, isReplay: true)
            #expect(try await test.inventory.claim(keyed) == .accepted(replay))
            let present = try #require(try await test.inventory.order(lost.id))
            guard case .done = try await test.inventory.change(present, by: .confirm) else {
                Issue.record("the order cannot be confirmed")
                return
            }
            let end = try #require(stray.expiresAt)
            #expect(
                try await test.redis("ZSCORE", test.keys.holds(.demo), stray.id.description).integer == end.milliseconds
            )
        }
    }

    /// A worker commits the expiry of a hold after Redis was backfilled without it: the order does not expire twice.
    @Test func aRecordOlderThanTheLedgerIsReplaced() async throws {
        try await withSale(holdSeconds: 600) { test in
            let order = try await test.hold(quantity: 3, customer: "a")
            try await test.withWorkers { try await test.waitUntilDrained() }
            var ended = order
            (ended.state, ended.version) = (.expired, 2)
            _ = try await test.ledger.settle([ended])
            let result = try await test.catalogue.reconcile(.demo, late: [ended])
            #expect(result.outcome == .repaired)
            #expect(result.drift == UnitCounts(available: -3, held: 3))
            #expect(result.customers == 1)
            #expect(result.records == 1)
            #expect(try await test.inventory.order(order.id)?.state == .expired)
            #expect(try await test.redis("ZCARD", test.keys.holds(.demo)).integer == 0)
            #expect(try await test.isAtRest())
        }
    }

    /// A snapshot in flight may be later than the ledger: its order is not repaired.
    @Test func aSnapshotInFlightIsNotDrift() async throws {
        try await withSale(holdSeconds: 600) { test in
            let order = try await test.hold(quantity: 2, customer: "a")
            try await test.withWorkers { try await test.waitUntilDrained() }
            _ = try await test.inventory.change(order, by: .cancel)
            try await test.redis("DEL", test.keys.order(order.id))
            let result = try await test.catalogue.reconcile(.demo)
            #expect(result.outcome == .consistent)
            #expect(result.inFlight == 1)
            #expect(
                try await test.redis("EXISTS", test.keys.order(order.id)).integer == 0, "the record was not restored")
        }
    }

    /// A batch is committed after Redis lost it and was backfilled: its units are not sold again.
    @Test func aBatchCommittedAfterARecoveryIsRemovedFromSale() async throws {
        try await withSale { test in
            let order = test.purchase(quantity: 5, customer: "late")
            _ = try await test.catalogue.put(.demo, EventChange(holdSeconds: .some(nil)))
            _ = try await test.inventory.claim(order)
            try await test.withWorkers(lease: .seconds(1)) {
                // The worker's commit waits for this lock, and the recovery does not.
                try await test.ledger.withLockedEvent(.demo) { _ in
                    try await eventually("the worker has the batch") {
                        try await test.redis("LLEN", test.keys.queue).integer == 0
                    }
                    try await test.redis("FLUSHDB")
                }
                try await eventually("Redis is backfilled and matches the ledger") {
                    guard try await test.isAtRest() else { return false }
                    return try await test.sql("SELECT sold FROM events") == "5"
                }
                try await eventually("the customer's units are counted") {
                    try await test.redis("HGET", test.keys.customers(.demo), "late").integer == 5
                }
            }
        }
    }
}
