import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Timing

/// Purchases with and without keys, confirmations, cancellations and expiries at the same time, while the event is
/// changed. At rest the counters of both stores agree.
@Suite(.timeLimit(.minutes(10))) struct CountersUnderLoadTests {
    private static let limit = 6

    /// One buyer: buys, and confirms or cancels orders at random.
    private func buy(_ test: TestStores, buyer: Int, rounds: Int) async throws -> [OrderID] {
        var generator = SeededGenerator(seed: UInt64(buyer))
        var orders: [OrderID] = []
        for round in 0..<rounds {
            let key = Bool.random(using: &generator) ? "k\(round / 2)" : nil
            let purchase = test.purchase(
                quantity: key == nil ? .random(in: 1...3, using: &generator) : 1, customer: "c\(buyer % 30)", key: key)
            guard case .accepted(let acceptance) = try await test.inventory.claim(purchase),
                let order = try await test.inventory.order(acceptance.order)
            else { continue }
            if !acceptance.isReplay { orders.append(acceptance.order) }
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                _ = try await test.inventory.change(order, by: Bool.random(using: &generator) ? .confirm : .cancel)
            }
        }
        return orders
    }

    @Test func changesOfAnEventUnderLoadKeepTheCounters() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo, EventTerms(name: "Demo", capacity: 60, customerLimit: Self.limit, holdSeconds: 1))
            let orders = try await test.withWorkers(2, batchSize: 100) {
                let orders = try await withThrowingTaskGroup(of: [OrderID].self) { group in
                    for buyer in 0..<60 { group.addTask { try await buy(test, buyer: buyer, rounds: 60) } }
                    group.addTask {
                        for change in [
                            EventChange(capacity: 150), EventChange(capacity: 20), EventChange(holdSeconds: 2),
                            EventChange(paused: true), EventChange(paused: false), EventChange(capacity: 90),
                            EventChange(capacity: 40), EventChange(maxQuantity: 2), EventChange(capacity: 120),
                        ] {
                            do {
                                _ = try await test.catalogue.put(.demo, change)
                            } catch CatalogueError.capacityInUse {
                                // The capacity is below the units claimed at this moment.
                            }
                        }
                        return []
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                try await eventually("the holds have expired") { try await test.counters().held == 0 }
                try await test.waitUntilDrained()
                return orders
            }
            #expect(Set(orders).count == orders.count, "an order was accepted twice")
            #expect(try await test.isAtRest())
            #expect(try await test.sql("SELECT count(*) FROM orders") == "\(orders.count)")
            let report = try #require(try await test.inventory.event(.demo))
            #expect(report.sold > 0 && report.sold <= report.terms.capacity)
            #expect(
                try await test.sql("SELECT sum(quantity) FROM orders WHERE status = 'confirmed'") == "\(report.sold)")
            let inLedger = """
                SELECT coalesce(string_agg(customer || '=' || units, ' ' ORDER BY customer), '')
                FROM (SELECT customer, sum(quantity) AS units FROM orders WHERE status = 'confirmed' GROUP BY customer) AS sums
                """
            let counts = try await test.redis("HGETALL", test.keys.customers(.demo)).fields()
            let inRedis = counts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            #expect(try await test.sql(inLedger) == inRedis)
            #expect(counts.values.allSatisfy { Int($0) ?? .max <= Self.limit })
            let account = try await test.counters()
            let row = try #require(try await test.ledger.event(.demo))
            #expect(account == Counters(available: row.terms.capacity - row.sold, sold: row.sold), "\(row)")
            // Every record in Redis matches its row.
            for id in orders {
                let row = try #require(try await test.ledger.order(id))
                #expect(try await test.inventory.order(id) == row)
            }
        }
    }

    /// A unit that is released and sold again reaches the ledger in that order with any number of workers; otherwise
    /// the ledger would reject the second order as oversold.
    @Test func aResaleReachesTheLedgerAfterItsRelease() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1, holdSeconds: 600))
            let first = try await test.hold()
            try await test.withWorkers { try await test.waitUntilDrained() }
            _ = try await test.inventory.change(first, by: .cancel)
            let second = try await test.hold()
            let queue = test.queue(lease: .milliseconds(1))
            let back = try #require(try await queue.take(limit: 1))
            let sold = try #require(try await test.queue().take(limit: 1))
            #expect(back.orders.map(\.state) == [.cancelled])
            #expect(sold.orders.map(\.id) == [second.id])
            #expect(try await !queue.isTurn(of: sold))
            // The worker with the batch stops; the worker that reclaims the batch takes over its turn.
            try await eventually("the lease expires") { try await queue.expiredTokens() == [back.token] }
            let again = try #require(try await test.queue().reclaim(back.token)?.batch)
            #expect(try await queue.isTurn(of: again))
            #expect(again.waitsForTurn)
            #expect(try await !queue.isTurn(of: sold))
            #expect(try await queue.acknowledge(again, try await test.ledger.settle(again.orders)))
            #expect(try await queue.isTurn(of: sold))
            #expect(try await queue.acknowledge(sold, try await test.ledger.settle(sold.orders)))
            #expect(try await test.ledger.order(second.id)?.state == .held)
            #expect(try await test.isAtRest())
            #expect(try await test.redis("EXISTS", test.keys.orderedBatches).integer == 0)
            #expect(try await test.redis("GET", test.keys.pendingReleases).integer == 0)
        }
    }

    /// A lower capacity waits for released units until workers have written them to the ledger.
    @Test func theCapacityCanBeLoweredImmediatelyAfterACancellation() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 50, holdSeconds: 600))
            try await test.withWorkers(2) {
                var orders: [Order] = []
                for _ in 0..<50 { orders.append(try await test.hold()) }
                for (number, order) in orders.enumerated() {
                    _ = try await test.inventory.change(order, by: .cancel)
                    _ = try await test.catalogue.put(.demo, EventChange(capacity: 49 - number))
                }
                try await test.waitUntilDrained()
            }
            #expect(try await test.sql("SELECT string_agg(DISTINCT status, ' ') FROM orders") == "cancelled")
            #expect(try await test.isAtRest())
        }
    }
}
