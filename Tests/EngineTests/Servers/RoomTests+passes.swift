import TestSupport
import Testing

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// What a pass is worth over time: repetitions, cancellations, and a rate that is set while the event sells.
extension RoomTests {
    private func admitOne(_ test: TestStores, _ keeper: Keeper) async throws -> AdmissionPass {
        try await keeper.round()
        _ = try await join(test)
        try await admit(1, test, keeper)
        return try await pass(test, 1)
    }

    /// A response that was lost: the order is found by its key, and nothing more is bought.
    @Test func aPurchaseIsRepeatedAfterItsPassHasEnded() async throws {
        try await withRoom(EventTerms(name: "Demo", capacity: 100, admissionRate: 1000)) { test, keeper in
            var purchase = test.purchase(customer: "ann", key: "k")
            purchase.pass = try await admitOne(test, keeper)
            let first = try await test.acceptance(of: purchase)
            purchase.pass?.end = later(-1)
            let again = try await test.acceptance(of: purchase)
            #expect(again.isReplay)
            #expect(again.order == first.order)
            #expect(try await test.counters() == Counters(available: 99, pending: 1))
        }
    }

    @Test func unitsThatAreCancelledDoNotComeBackToThePass() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 100, maxQuantity: 4, holdSeconds: 600, admissionRate: 1000)
        ) { test, keeper in
            let pass = try await admitOne(test, keeper)
            var purchase = test.purchase(quantity: 3)
            purchase.pass = pass
            let order = try await test.acceptance(of: purchase).order
            let held = try #require(try await test.inventory.order(order))
            guard case .done = try await test.inventory.change(held, by: .cancel) else {
                throw GaveUp(description: "the order was not cancelled")
            }
            #expect(try await test.counters() == Counters(available: 100))
            #expect(try await claim(test, pass, quantity: 2) == .refused(.passUsed(available: 1)))
            #expect(try await counters(test).outstanding == 0)
        }
    }

    @Test func aRateThatIsSetLaterAppliesToTheNextPurchase() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100))
            #expect(isAccepted(try await claim(test, nil)))
            _ = try await test.catalogue.put(.demo, EventChange(admissionRate: 1000))
            #expect(try await claim(test, nil) == .refused(.passRequired))
            let pass = try await admitOne(test, Keeper(test))
            #expect(isAccepted(try await claim(test, pass)))
        }
    }
}
