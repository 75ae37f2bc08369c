import TestSupport
import Testing

@testable import Domain

@Suite(.timeLimit(.minutes(10))) struct SettlementTests {
    /// Stores with the event `demo`.
    private func withSale(
        capacity: Int = 1000, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: capacity, maxQuantity: 1000))
            try await body(test)
        }
    }

    private func order(
        _ event: EventID = .demo, generation: Int = 1, quantity: Int = 1, customer: String? = nil
    ) -> Order {
        Order(
            id: OrderID(at: .now, partition: 0), event: event, generation: generation, quantity: quantity,
            customer: customer, state: .pending, claimedAt: Timestamp(milliseconds: 1_795_466_379_441))
    }

    private func isConfirmed(_ settlement: Settlement) -> Bool {
        if case .recorded = settlement { true } else { false }
    }

    @Test func anOrderThatIsDeliveredAgainIsWrittenOnce() async throws {
        try await withSale { test in
            let orders = (0..<200).map { _ in order(quantity: 2) }
            let first = try await test.ledger.settle(orders)
            #expect(first.allSatisfy(isConfirmed))
            let again = try await test.ledger.settle(orders.reversed() + [order()])
            #expect(again.prefix(200).elementsEqual(first.reversed()), "the times of the first delivery")
            #expect(try #require(try await test.ledger.event(.demo)).sold == 401)
        }
    }

    @Test func concurrentDeliveriesOfTheSameOrdersHaveTheSameResult() async throws {
        try await withSale(capacity: 100_000) { test in
            let other = try #require(EventID("other"))
            try await test.catalogue.ensure(other, EventTerms(name: "", capacity: 100_000))
            let orders = (0..<400).map { order($0.isMultiple(of: 2) ? .demo : other) }
            let results = try await withThrowingTaskGroup(of: [Settlement].self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        let order = worker.isMultiple(of: 2) ? orders : orders.reversed()
                        let settled = try await test.ledger.settle(order)
                        return worker.isMultiple(of: 2) ? settled : settled.reversed()
                    }
                }
                return try await group.reduce(into: [[Settlement]]()) { $0.append($1) }
            }
            #expect(Set(results).count == 1)
            #expect(try #require(try await test.ledger.event(.demo)).sold == 200)
            #expect(try #require(try await test.ledger.event(other)).sold == 200)
        }
    }

    @Test func theLedgerRejectsOrdersThatWouldOversell() async throws {
        try await withSale(capacity: 10) { test in
            let orders = (0..<8).map { _ in order(quantity: 3) }
            let settlements = try await test.ledger.settle(orders)
            #expect(settlements.filter(isConfirmed).count == 3)
            #expect(settlements.filter { $0 == .rejected(reason: "oversold") }.count == 5)
            #expect(try await test.ledger.settle(orders) == settlements, "a second delivery has the same result")
            #expect(try await test.sql("SELECT sold FROM events") == "9")
            let rejected = try #require(zip(orders, settlements).first { !isConfirmed($1) }?.0)
            let row = try #require(try await test.ledger.order(rejected.id))
            #expect(row.state == .rejected)
            #expect(row.reason == "oversold")
        }
    }

    @Test func anInvalidOrderDoesNotBlockOthers() async throws {
        try await withSale { test in
            let orders = [
                order(), order(customer: "nul\0l"), order(try #require(EventID("nowhere"))), order(generation: 9),
                order(),
            ]
            // libpq's strings end at NUL, so the array literal of the second order is truncated.
            let settlements = try await test.ledger.settle(orders)
            #expect(isConfirmed(settlements[0]))
            #expect(isConfirmed(settlements[4]))
            #expect(settlements[2] == .unsettleable(reason: "the event is not in the ledger"))
            #expect(settlements[3] == .unsettleable(reason: "the event's generation is later than the ledger's"))
            #expect(!isConfirmed(settlements[1]))
        }
    }

    @Test func customersAreReadBackUnchanged() async throws {
        try await withSale { test in
            for customer in ["a", "|\"\\{},NULL", "é👩‍👧", "' OR 1=1 --"] {
                let order = order(customer: customer)
                _ = try await test.ledger.settle([order])
                #expect(try await test.ledger.order(order.id)?.customer == customer)
            }
        }
    }

    @Test func ordersOfAnEarlierGenerationAreForgotten() async throws {
        try await withSale { test in
            let orders = [order(), order()]
            _ = try await test.ledger.settle([orders[0]])
            #expect(try await test.catalogue.reset(.demo, capacity: 7) == 7)
            #expect(try await test.ledger.settle(orders) == [.forgotten, .forgotten])
            #expect(try await test.sql("SELECT count(*) FROM orders") == "0")
            let event = try #require(try await test.ledger.event(.demo))
            #expect(event.sold == 0)
            #expect(event.terms.capacity == 7)
            #expect(event.generation == 2)
        }
    }
}
