import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// What the terms of an event mean for its waiting list.
extension WaitlistTests {
    @Test func aPausedEventTakesPlacesWhateverIsFree() async throws {
        try await withSale(sold: 0) { test in
            #expect(try await join(test, "a") == .refused(.available(2)))
            _ = try await test.catalogue.put(.demo, EventChange(paused: true))
            let order = try await place(test, "a")
            _ = try await test.catalogue.put(.demo, EventChange(paused: false))
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, order) == .held)
        }
    }

    /// A sale whose opening is put off: nobody joins or gets an offer before it.
    @Test func offersAreMadeWhenTheSaleOpens() async throws {
        try await withSale { test in
            let order = try await place(test, "a")
            let opensAt = Timestamp(milliseconds: Timestamp.now.milliseconds + 3_600_000)
            _ = try await test.catalogue.put(.demo, EventChange(opensAt: opensAt))
            guard case .refused(.scheduled(opensAt, _)) = try await join(test, "b") else {
                throw GaveUp(description: "a place was given before the sale")
            }
            try await cancel(test, try await held(test))
            #expect(try await makeOffers(test).offered == 0)
            #expect(try await state(test, order) == .waiting)
            let time = String(opensAt.milliseconds)
            #expect(try await test.redis("ZCOUNT", test.keys.offersDue, time, time).integer == 1, "the next look")
            _ = try await test.catalogue.put(.demo, EventChange(opensAt: Timestamp(milliseconds: 1)))
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, order) == .held)
        }
    }

    @Test func placesStayIfTheListIsClosed() async throws {
        try await withSale { test in
            let order = try await place(test, "a")
            _ = try await test.catalogue.put(.demo, EventChange(hasWaitlist: false))
            #expect(try await join(test, "b") == .refused(.noWaitlist))
            #expect(try await test.inventory.position(of: order) == 1)
            try await cancel(test, try await held(test))
            guard case .refused(.allHeld) = try await test.inventory.claim(test.purchase()) else {
                throw GaveUp(description: "a walk-in was faster than the list")
            }
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, order) == .held)
        }
    }

    @Test func aPlaceIsRemovedIfItsCustomerHasAsManyOrdersAsAllowed() async throws {
        try await withSale(sold: 0, terms: { $0.maxOrders = 1 }) { test in
            let bought = [try await test.hold(customer: "x"), try await test.hold(customer: "y")]
            let (first, second) = (try await place(test, "a"), try await place(test, "b"))
            try await test.redis("HSET", test.keys.holders(.demo), "ca", "1|0|0|0")
            try await cancel(test, bought[0])
            #expect(try await makeOffers(test) == OfferMaker.Round(offered: 1, ended: 1))
            #expect(try await test.inventory.order(first.id)?.reason == "order-limit")
            #expect(try await state(test, first) == .cancelled)
            #expect(try await state(test, second) == .held)
        }
    }

    /// The customer holds a unit and may hold no other one now.
    @Test func limitsOfHoldsDoNotPreventAnOffer() async throws {
        try await withSale(sold: 0, terms: { ($0.maxHolds, $0.holdPauseSeconds) = (1, 60) }) { test in
            let others = try await test.hold(customer: "x")
            _ = try await test.hold(customer: "a")
            let order = try await place(test, "a")
            let pause = Timestamp.now.milliseconds + 60_000
            try await test.redis("HSET", test.keys.holders(.demo), "ca", "0|1|1|\(pause)")
            try await cancel(test, others)
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, order) == .held)
            let fields = try await test.redis("HGETALL", test.keys.holders(.demo)).fields()
            #expect(fields["ca"] == "0|2|1|\(pause)", "an offer counts as a hold")
        }
    }

    /// The record of the order is still there.
    @Test func reconciliationFindsAnOrderThatIsNotOnTheList() async throws {
        try await withSale { test in
            let order = try await place(test, "a")
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.redis("DEL", test.keys.waiting(.demo), test.keys.waiters(.demo))
            #expect(try await test.catalogue.reconcile(.demo).records == 1)
            #expect(try await test.inventory.position(of: order) == 1)
            #expect(try await join(test, "a") == .refused(.onWaitlist(order.id)))
            #expect(try await test.catalogue.reconcile(.demo).outcome == .consistent)
        }
    }
}
