import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine

@Suite(.timeLimit(.minutes(10))) struct CustomerLimitTests {
    /// Stores with the event `demo`.
    private func withSale(
        limit: Int? = 4, holdSeconds: Int? = nil, capacity: Int = 1000, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo,
                EventTerms(name: "Demo", capacity: capacity, customerLimit: limit, holdSeconds: holdSeconds))
            try await body(test)
        }
    }

    @Test func concurrentClaimsNeverExceedTheLimitOfACustomer() async throws {
        try await withSale { test in
            let (accepted, refused) = try await test.claimAtOnce(2000, customer: { "c\($0 % 20)" })
            var counts: [String: Int] = [:]
            for purchase in accepted { counts[purchase.customer ?? "", default: 0] += purchase.quantity }
            #expect(counts.count == 20)
            #expect(counts.values.allSatisfy { $0 == 4 })
            #expect(Set(refused) == [.customerLimit(4, available: 0)])
            #expect(try await test.counters() == Counters(available: 920, pending: 80))
        }
    }

    @Test func theLimitCountsUnitsOfAllOrdersAndARefusalNamesTheRemainder() async throws {
        try await withSale { test in
            #expect(
                try await test.inventory.claim(test.purchase(quantity: 5, customer: "a"))
                    == .refused(.customerLimit(4, available: 4)))
            guard case .accepted = try await test.inventory.claim(test.purchase(quantity: 3, customer: "a")) else {
                Issue.record("3 of 4 refused")
                return
            }
            #expect(
                try await test.inventory.claim(test.purchase(quantity: 2, customer: "a"))
                    == .refused(.customerLimit(4, available: 1)))
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.customerRequired))
            guard case .accepted = try await test.inventory.claim(test.purchase(quantity: 4, customer: "b")) else {
                Issue.record("another customer refused")
                return
            }
        }
    }

    @Test func releasedUnitsCountNoLongerTowardsTheLimit() async throws {
        try await withSale(holdSeconds: 600) { test in
            func refused() async throws -> Bool {
                try await test.inventory.claim(test.purchase(customer: "a"))
                    == .refused(.customerLimit(4, available: 0))
            }
            let orders = [
                try await test.hold(quantity: 2, customer: "a"), try await test.hold(quantity: 2, customer: "a"),
            ]
            #expect(try await refused())
            _ = try await test.inventory.change(orders[0], by: .confirm)
            #expect(try await refused(), "a confirmed order counts like a held one")
            _ = try await test.inventory.change(orders[1], by: .cancel)
            _ = try await test.inventory.change(orders[1], by: .cancel)
            _ = try await test.catalogue.put(.demo, EventChange(holdSeconds: 1))
            let third = try await test.hold(quantity: 2, customer: "a")
            #expect(try await refused())
            let holds = HoldExpirer(test.partition)
            try await eventually("the hold expires") {
                _ = try await holds.expireDue()
                return try await test.inventory.order(third.id)?.state == .expired
            }
            _ = try await test.hold(quantity: 2, customer: "a")
            #expect(try await refused())
        }
    }

    @Test func aNewLimitCountsEarlierPurchases() async throws {
        try await withSale(limit: nil) { test in
            #expect(try await test.claimAtOnce(3, customer: { _ in "a" }).accepted.count == 3)
            _ = try await test.catalogue.put(.demo, EventChange(customerLimit: 4))
            let (accepted, refused) = try await test.claimAtOnce(5, customer: { _ in "a" })
            #expect(accepted.count == 1)
            #expect(refused.count == 4)
            // A limit below the units of a customer revokes nothing and allows no further purchase.
            _ = try await test.catalogue.put(.demo, EventChange(customerLimit: 2))
            #expect(
                try await test.inventory.claim(test.purchase(customer: "a"))
                    == .refused(.customerLimit(2, available: 0)))
            _ = try await test.catalogue.put(.demo, EventChange(customerLimit: .some(nil)))
            guard case .accepted = try await test.inventory.claim(test.purchase(customer: "a")) else {
                Issue.record("refused without a limit")
                return
            }
        }
    }

    /// Customers are compared byte for byte.
    @Test func customersAreComparedByteForByte() async throws {
        try await withSale(limit: 1, holdSeconds: 600) { test in
            let customers = [
                "a", "A", "a ", " ", "|", "a|b", "1|2|3", "-", "*", "{0}", "\\", "\"", "'", "é", "e\u{301}", "日本", "👩‍👩‍👧",
                "\u{202e}",
                String(repeating: "𝄞", count: 128), "nil", "false", "0", "generation",
            ]
            var orders: [Order] = []
            for customer in customers { orders.append(try await test.hold(customer: customer)) }
            for (customer, order) in zip(customers, orders) {
                #expect(order.customer.map { Array($0.utf8) } == Array(customer.utf8))
                #expect(
                    try await test.inventory.claim(test.purchase(customer: customer))
                        == .refused(.customerLimit(1, available: 0)))
                _ = try await test.inventory.change(order, by: .cancel)
                _ = try await test.hold(customer: customer)
            }
            try await test.withWorkers { try await test.waitUntilDrained() }
            for order in orders {
                let row = try #require(try await test.ledger.order(order.id))
                #expect(row.state == .cancelled)
                #expect(row.customer.map { Array($0.utf8) } == order.customer.map { Array($0.utf8) })
            }
            #expect(try await test.isAtRest())
        }
    }

    @Test func anUnreadableCountRefusesClaimsOfThatCustomerOnly() async throws {
        try await withSale { test in
            try await test.redis("HSET", test.keys.customers(.demo), "a", "many")
            #expect(try await test.inventory.claim(test.purchase(customer: "a")) == .refused(.recovering))
            guard case .accepted = try await test.inventory.claim(test.purchase(customer: "b")) else {
                Issue.record("another customer refused")
                return
            }
            #expect(try await test.redis("HGET", test.keys.customers(.demo), "a").string == "many")
        }
    }
}
