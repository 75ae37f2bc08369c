import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// Reconciliation of an event with more orders in flight than one call of Redis reads.
@Suite(.timeLimit(.minutes(10))) struct LargeReconcileTests {
    private static let other = EventID("other") ?? .demo

    /// Stores with two events, and a catalogue that reads the orders in flight in parts of a few entries.
    private func withSale(
        part: Int = 7, _ body: (TestStores, EventCatalogue) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            for id in [EventID.demo, Self.other] {
                try await test.catalogue.ensure(
                    id, EventTerms(name: "e", capacity: 100_000, customerLimit: 1000, holdSeconds: 600))
            }
            var inventory = test.inventory
            inventory.surveySizes = SurveySizes(limit: 0, part: part)
            try await body(test, EventCatalogue(ledger: test.ledger, inventory: inventory))
        }
    }

    private func act(_ test: TestStores, buyer: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(buyer))
        for _ in 0..<40 {
            let event = Bool.random(using: &generator) ? EventID.demo : Self.other
            let purchase = test.purchase(event, quantity: .random(in: 1...3, using: &generator), customer: "c\(buyer)")
            guard case .accepted(let acceptance) = try await test.inventory.claim(purchase),
                let order = try await test.inventory.order(acceptance.order)
            else { continue }
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                _ = try await test.inventory.change(order, by: Bool.random(using: &generator) ? .confirm : .cancel)
            }
        }
    }

    /// Entries move from the queue into batches, and batches end, while the parts are read.
    @Test(arguments: [1, 7, 200]) func partsUnderLoadReportNoFalseDrift(part: Int) async throws {
        try await withSale(part: part) { test, catalogue in
            let compared = try await test.withWorkers(3, batchSize: 30) {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for buyer in 0..<20 {
                        group.addTask {
                            try await act(test, buyer: buyer)
                            return 0
                        }
                    }
                    group.addTask {
                        var compared = 0
                        for _ in 0..<15 {
                            let result: Reconciliation
                            do { result = try await catalogue.reconcile(.demo) } catch { continue }
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
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await catalogue.reconcile(.demo).outcome == .consistent)
        }
    }

    /// The queue, leased batches, a batch that is settled and not acknowledged, and dead letters.
    @Test func everyPlaceOfAnEntryIsRead() async throws {
        try await withSale { test, catalogue in
            #expect(try await test.claimAtOnce(100, customer: { "c\($0)" }).accepted.count == 100)
            _ = try await test.claimAtOnce(20, of: Self.other)
            let settled = try #require(try await test.queue().take(limit: 20))
            _ = try await test.ledger.settle(settled.orders, lease: settled.number)
            _ = try #require(try await test.queue().take(limit: 30))
            let dead = try #require(try await test.queue().take(limit: 10))
            #expect(
                try await test.queue().acknowledge(dead, dead.orders.map { _ in .unsettleable(reason: "r") }))
            let before = try await catalogue.reconcile(.demo)
            #expect(before.outcome == .consistent)
            #expect(before.inFlight == 100)
            try await test.redis("HINCRBY", test.keys.event(.demo), "stock", "17")
            try await test.redis("HSET", test.keys.customers(.demo), "c99", "5")
            let result = try await catalogue.reconcile(.demo)
            #expect(result.outcome == .repaired)
            #expect(result.drift == UnitCounts(available: 17))
            #expect(result.customers == 1)
            #expect(try await catalogue.reconcile(.demo).outcome == .consistent)
        }
    }

    /// The variable IN_FLIGHT sets another number of orders.
    private static let count = ProcessInfo.processInfo.environment["IN_FLIGHT"].flatMap { Int($0) } ?? 25_000

    /// With the sizes of production, more orders in flight than one call reads.
    @Test func anEventWithManyOrdersInFlightIsCompared() async throws {
        try await withTestStores { test in
            let capacity = 2 * Self.count
            try await test.catalogue.ensure(.demo, EventTerms(name: "e", capacity: capacity))
            for _ in 0..<Self.count / 5_000 { _ = try await test.claimAtOnce(5_000, customer: { "c\($0)" }) }
            let batch = try #require(try await test.queue().take(limit: 5_000))
            _ = try await test.ledger.settle(batch.orders, lease: batch.number)
            try await test.redis("HINCRBY", test.keys.event(.demo), "stock", "3")
            let began = ContinuousClock.now
            let result = try await test.catalogue.reconcile(.demo)
            print("reconciliation of \(result.inFlight) orders in flight: \(ContinuousClock.now - began)")
            #expect(result.inFlight == Self.count)
            #expect(result.drift == UnitCounts(available: 3))
            #expect(result.outcome == .repaired)
            let again = try await test.catalogue.reconcile(.demo)
            #expect(again.outcome == .consistent)
            #expect(try await test.counters() == Counters(available: capacity - Self.count, pending: Self.count))
        }
    }
}
