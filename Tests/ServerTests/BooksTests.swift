import TestSupport
import Testing

@testable import Shared

/// Everything at once: purchases with and without keys, confirmations, cancellations and ends of holds, while the
/// organiser changes the event. At rest the books agree.
@Suite(.timeLimit(.minutes(3))) struct BooksTests {
    private static let limit = 6

    /// One buyer: buys, and does with each order what chance says.
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

    @Test func changingAnEventUnderFullLoadKeepsTheBooks() async throws {
        let test = try await TestStores.make()
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
                            // It is below what is claimed at this moment.
                        }
                    }
                    return []
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try await eventually("the holds have ended") { try await test.counters().held == 0 }
            try await test.drained()
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
        // Every record says what its row says.
        for id in orders {
            let row = try #require(try await test.ledger.order(id))
            #expect(try await test.inventory.order(id) == row)
        }
        await test.close()
    }
}
