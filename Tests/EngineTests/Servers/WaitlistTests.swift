import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// Waiting lists: places, offers, and what walk-in customers can buy.
@Suite(.timeLimit(.minutes(10))) struct WaitlistTests {
    func withSale(
        capacity: Int = 2, sold: Int? = nil, terms change: (inout EventTerms) -> Void = { _ in },
        _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            var terms = EventTerms(name: "Demo", capacity: capacity, holdSeconds: 600, hasWaitlist: true)
            change(&terms)
            try await test.catalogue.ensure(.demo, terms)
            for number in 0..<(sold ?? capacity) { _ = try await test.hold(customer: "walk-in \(number)") }
            try await body(test)
        }
    }

    func join(
        _ test: TestStores, _ customer: String, quantity: Int = 1, key: String? = nil
    ) async throws -> WaitOutcome {
        var generator = SystemRandomNumberGenerator()
        let place = test.inventory.makePlace(
            on: .demo, quantity: quantity, customer: customer, idempotencyKey: key, at: .now, using: &generator)
        return try await test.inventory.join(try #require(place))
    }

    /// Takes a place, and waits until the time has passed, so that the order of joining is the order of the calls.
    func place(_ test: TestStores, _ customer: String, quantity: Int = 1) async throws -> Order {
        guard case .joined(let id) = try await join(test, customer, quantity: quantity) else {
            throw GaveUp(description: "\(customer) got no place")
        }
        let order = try #require(try await test.inventory.order(id))
        try await eventually("a millisecond has passed") {
            try await test.redis("TIME").time().milliseconds > order.claimedAt.milliseconds
        }
        return order
    }

    func state(_ test: TestStores, _ order: Order) async throws -> OrderState? {
        try await test.inventory.order(order.id)?.state
    }

    func makeOffers(_ test: TestStores) async throws -> OfferMaker.Round {
        try await OfferMaker(test.partition).makeDue()
    }

    func cancel(_ test: TestStores, _ order: Order) async throws {
        guard case .done = try await test.inventory.change(order, by: .cancel) else {
            throw GaveUp(description: "\(order.id) was not cancelled")
        }
    }

    func held(_ test: TestStores) async throws -> Order {
        let members = try await test.redis("ZRANGE", test.keys.holds(.demo), "0", "0").array ?? []
        let id = try #require(members.first?.string.flatMap { OrderID($0) })
        return try #require(try await test.inventory.order(id))
    }

    func waiting(_ test: TestStores) async throws -> Int? { try await test.inventory.event(.demo)?.waiting }

    // MARK: Joining

    @Test func aPlaceIsAnOrderWithoutUnits() async throws {
        try await withSale { test in
            let order = try await place(test, "a", quantity: 2)
            #expect(order.state == .waiting)
            #expect(order.expiresAt == nil)
            #expect(try await test.counters() == Counters(held: 2))
            #expect(try await test.inventory.units(of: ["a"], in: .demo) == [0])
            #expect(try await waiting(test) == 1)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.ledger.order(order.id)?.state == .waiting)
            #expect(try await test.isAtRest())
        }
    }

    @Test func nobodyWaitsForUnitsThatCanBeBought() async throws {
        try await withSale(capacity: 3, sold: 2) { test in
            #expect(try await join(test, "a") == .refused(.available(1)))
            _ = try await place(test, "b", quantity: 2)
            #expect(try await join(test, "a") == .refused(.available(1)), "b cannot have it either")
        }
    }

    @Test func refusals() async throws {
        try await withSale(terms: { ($0.maxQuantity, $0.customerLimit) = (4, 3) }) { test in
            #expect(try await join(test, "a", quantity: 5) == .refused(.quantityAboveMaximum(4)))
            #expect(try await join(test, "a", quantity: 4) == .refused(.customerLimit(3, available: 3)))
            let order = try await place(test, "a")
            #expect(try await join(test, "a") == .refused(.onWaitlist(order.id)))
            let other = try #require(EventID("other"))
            try await test.catalogue.ensure(other, EventTerms(name: "", capacity: 0))
            let unlisted = try await test.inventory.join(test.purchase(other, customer: "a"))
            #expect(unlisted == .refused(.noWaitlist))
            let unknown = try await test.inventory.join(test.purchase(try #require(EventID("none")), customer: "a"))
            #expect(unknown == .refused(.eventUnknown))
            _ = try await test.catalogue.put(.demo, EventChange(closesAt: Timestamp(milliseconds: 1)))
            #expect(try await join(test, "b") == .refused(.closed))
        }
    }

    @Test func theListIsBounded() async throws {
        try await withSale { test in
            let places = ["a", "b", "c"].map { test.purchase(customer: $0) }
            let outcomes = try await test.partition.run(WaitScript(places, queueLimit: 100, placeLimit: 2))
            #expect(outcomes == [.joined(places[0].id), .joined(places[1].id), .refused(.waitlistFull(2))])
        }
    }

    @Test func aRepeatedRequestFindsItsPlace() async throws {
        try await withSale { test in
            guard case .joined(let id) = try await join(test, "a", key: "k") else {
                throw GaveUp(description: "no place")
            }
            #expect(try await join(test, "a", key: "k") == .replayed(id))
            #expect(try await join(test, "a", quantity: 2, key: "k") == .refused(.idempotencyKeyReused))
            // A purchase with the same key is another order.
            let purchase = try await test.inventory.claim(test.purchase(customer: "a", key: "k"))
            guard case .refused(.allHeld) = purchase else { throw GaveUp(description: "\(purchase)") }
            #expect(try await waiting(test) == 1)
        }
    }

    // MARK: Offers

    @Test func aReturnedUnitIsOfferedToTheFirstPlace() async throws {
        try await withSale { test in
            let (first, second) = (try await place(test, "a"), try await place(test, "b"))
            try await cancel(test, try await held(test))
            #expect(try await makeOffers(test) == OfferMaker.Round(offered: 1))
            let offer = try #require(try await test.inventory.order(first.id))
            #expect(offer.state == .held)
            #expect(offer.version == 2)
            #expect(offer.claimedAt == first.claimedAt)
            #expect(offer.expiresAt != nil)
            #expect(try await state(test, second) == .waiting)
            #expect(try await test.counters() == Counters(held: 2))
            #expect(try await test.inventory.units(of: ["a", "b"], in: .demo) == [1, 0])
            guard case .done(let sold) = try await test.inventory.change(offer, by: .confirm) else {
                throw GaveUp(description: "the offer was not confirmed")
            }
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.ledger.order(first.id)?.state == .confirmed)
            #expect(try await test.ledger.order(first.id)?.expiresAt == sold.expiresAt)
            #expect(try await test.isAtRest())
        }
    }

    /// First fit: a large wish does not delay smaller ones behind it, and keeps its place.
    @Test func theFirstPlaceThatFitsIsNext() async throws {
        try await withSale(capacity: 3) { test in
            let large = try await place(test, "a", quantity: 3)
            let (small, later) = (try await place(test, "b"), try await place(test, "c", quantity: 2))
            try await cancel(test, try await held(test))
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, small) == .held)
            try await cancel(test, try await held(test))
            #expect(try await makeOffers(test).offered == 0)
            for _ in 0..<2 { try await cancel(test, try await held(test)) }
            // Three are free: of the two that fit, the earlier one gets them.
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, large) == .held)
            #expect(try await state(test, later) == .waiting)
        }
    }

    @Test func aWalkInGetsOnlyWhatNobodyOnTheListCanHave() async throws {
        try await withSale { test in
            let order = try await place(test, "a", quantity: 2)
            try await cancel(test, try await held(test))
            // One is free, and the list wants two.
            _ = try await test.hold()
            for _ in 0..<2 { try await cancel(test, try await held(test)) }
            guard case .refused(.soldOut) = try await test.inventory.claim(test.purchase()) else {
                throw GaveUp(description: "a walk-in was faster than the list")
            }
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, order) == .held)
        }
    }

    @Test func anOfferThatLapsesGoesToTheNextPlace() async throws {
        try await withSale(capacity: 1) { test in
            try await test.redis("HSET", test.keys.event(.demo), "offer_seconds", "1")
            let (first, second) = (try await place(test, "a"), try await place(test, "b"))
            try await cancel(test, try await held(test))
            _ = try await makeOffers(test)
            try await eventually("the offer has lapsed", within: 60) {
                try await HoldExpirer(test.partition).expireDue().expired == 1
            }
            #expect(try await state(test, first) == .expired)
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, second) == .held)
        }
    }

    @Test func aPlaceCanBeGivenBackAndAConfirmedOrderIsNot() async throws {
        try await withSale { test in
            let (first, second) = (try await place(test, "a"), try await place(test, "b"))
            guard case .done = try await test.inventory.change(first, by: .leave) else {
                throw GaveUp(description: "the place was not given back")
            }
            #expect(try await waiting(test) == 1)
            #expect(try await state(test, first) == .cancelled)
            try await cancel(test, try await held(test))
            _ = try await makeOffers(test)
            let offer = try #require(try await test.inventory.order(second.id))
            guard case .done(let sold) = try await test.inventory.change(offer, by: .confirm) else {
                throw GaveUp(description: "the offer was not confirmed")
            }
            #expect(try await test.inventory.change(sold, by: .leave) == .conflict(sold))
            _ = try await place(test, "a")
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
            // Both ways in which units and places came back are recorded.
            let counts = try await test.redis("HMGET", test.keys.event(.demo), "returned", "recorded").array
            #expect(counts?.map(\.string) == ["2", "2"])
        }
    }

    @Test func aPlaceIsRemovedIfItsCustomerHasReachedALimit() async throws {
        try await withSale(sold: 0, terms: { $0.customerLimit = 1 }) { test in
            let bought = [
                try await test.hold(customer: "x"), try await test.hold(customer: "y"),
            ]
            let (first, second) = (try await place(test, "a"), try await place(test, "b"))
            try await test.redis("HSET", test.keys.customers(.demo), "a", "1")
            try await cancel(test, bought[0])
            #expect(try await makeOffers(test) == OfferMaker.Round(offered: 1, ended: 1))
            #expect(try await test.inventory.order(first.id)?.reason == "customer-limit")
            #expect(try await state(test, first) == .cancelled)
            #expect(try await state(test, second) == .held)
            try await test.redis("HDEL", test.keys.customers(.demo), "a")
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.ledger.order(first.id)?.reason == "customer-limit")
            #expect(try await test.isAtRest())
        }
    }

    @Test func offersAreMadeWhileTheEventSells() async throws {
        try await withSale { test in
            let order = try await place(test, "a")
            _ = try await test.catalogue.put(.demo, EventChange(paused: true))
            try await cancel(test, try await held(test))
            #expect(try await makeOffers(test).offered == 0)
            #expect(try await state(test, order) == .waiting)
            let later = try await place(test, "b", quantity: 2)
            _ = try await test.catalogue.put(.demo, EventChange(paused: false))
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, order) == .held)
            // More capacity is offered too.
            _ = try await test.catalogue.put(.demo, EventChange(capacity: 4))
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, later) == .held)
        }
    }

    @Test func placesEndWithTheSale() async throws {
        try await withSale { test in
            var orders: [Order] = []
            for name in ["a", "b", "c"] { orders.append(try await place(test, name)) }
            _ = try await test.catalogue.put(.demo, EventChange(closesAt: Timestamp(milliseconds: 1)))
            #expect(try await makeOffers(test).ended == 3)
            for order in orders {
                let ended = try #require(try await test.inventory.order(order.id))
                #expect(ended.state == .cancelled)
                #expect(ended.reason == "sale-ended")
            }
            #expect(try await waiting(test) == 0)
            #expect(try await test.redis("ZCARD", test.keys.offersDue).integer == 0)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
        }
    }

    @Test func manyPlacesGetTheirOffersInTheOrderOfJoining() async throws {
        try await withSale(capacity: 300) { test in
            let places = (0..<300).map { test.purchase(customer: "c\($0)") }
            for start in stride(from: 0, to: 300, by: 100) {
                _ = try await test.partition.run(WaitScript(Array(places[start..<start + 100]), queueLimit: 100_000))
                let now = try await test.redis("TIME").time()
                try await eventually("a millisecond has passed") { try await test.redis("TIME").time() > now }
            }
            _ = try await test.catalogue.put(.demo, EventChange(capacity: 550))
            #expect(try await makeOffers(test) == OfferMaker.Round(offered: 250))
            #expect(try await waiting(test) == 50)
            for place in places[..<200] { #expect(try await test.inventory.order(place.id)?.state == .held) }
        }
    }

    @Test func theWorkerMakesOffers() async throws {
        try await withSale { test in
            let order = try await place(test, "a")
            let other = try await held(test)
            try await test.withWorkers {
                try await cancel(test, other)
                try await eventually("the offer is made") { try await state(test, order) == .held }
                try await test.waitUntilDrained()
            }
            #expect(try await test.isAtRest())
        }
    }

    // MARK: The position

    @Test func thePositionIsTheOrderOfJoining() async throws {
        try await withSale { test in
            let orders = [
                try await place(test, "a", quantity: 2), try await place(test, "b"),
                try await place(test, "c", quantity: 3),
            ]
            for (index, order) in orders.enumerated() {
                #expect(try await test.inventory.position(of: order) == index + 1)
            }
            try await cancel(test, orders[0])
            #expect(try await test.inventory.position(of: orders[0]) == nil)
            #expect(try await test.inventory.position(of: orders[2]) == 2)
        }
    }

    // MARK: Other terms, resets, losses

    @Test func aResetEndsTheList() async throws {
        try await withSale { test in
            let order = try await place(test, "a")
            _ = try await test.catalogue.reset(.demo, capacity: 0)
            #expect(try await waiting(test) == 0)
            #expect(try await test.inventory.order(order.id) == nil)
            #expect(
                try await test.redis(
                    "EXISTS", test.keys.waiting(.demo), test.keys.waiters(.demo), test.keys.order(order.id)
                ).integer == 0)
            _ = try await place(test, "a")
        }
    }

    @Test func anEventWithPlacesCannotBeArchived() async throws {
        try await withSale(capacity: 0) { test in
            let order = try await place(test, "a")
            try await test.withWorkers {
                try await test.waitUntilDrained()
                await #expect(throws: CatalogueError.placesTaken(1)) {
                    _ = try await test.catalogue.put(.demo, EventChange(archived: true))
                }
                _ = try await test.inventory.change(order, by: .leave)
                try await test.waitUntilDrained()
                _ = try await test.catalogue.put(.demo, EventChange(archived: true))
            }
        }
    }

    @Test func aRebuildRestoresTheList() async throws {
        try await withSale { test in
            let orders = [try await place(test, "a", quantity: 2), try await place(test, "b")]
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(try await waiting(test) == 2)
            for (index, order) in orders.enumerated() {
                #expect(try await test.inventory.position(of: order) == index + 1)
                #expect(try await state(test, order) == .waiting)
            }
            #expect(try await join(test, "a") == .refused(.onWaitlist(orders[0].id)))
            try await cancel(test, try await held(test))
            #expect(try await makeOffers(test).offered == 1)
            #expect(try await state(test, orders[1]) == .held)
        }
    }

    @Test func reconciliationRestoresAPlaceThatIsLost() async throws {
        try await withSale { test in
            let order = try await place(test, "a")
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.redis("DEL", test.keys.waiting(.demo), test.keys.waiters(.demo), test.keys.order(order.id))
            let result = try await test.catalogue.reconcile(.demo)
            #expect(result.records == 1)
            #expect(try await test.inventory.position(of: order) == 1)
            #expect(try await test.catalogue.reconcile(.demo).outcome == .consistent)
        }
    }

    @Test func anOfferCountsForItsHolder() async throws {
        try await withSale(sold: 0, terms: { ($0.maxHolds, $0.maxOrders) = (1, 1) }) { test in
            let first = try await test.hold(customer: "x")
            _ = try await test.hold(customer: "y")
            let order = try await place(test, "a")
            #expect(try await join(test, "x") == .refused(.orderLimit(1)))
            try await cancel(test, first)
            _ = try await makeOffers(test)
            let fields = try await test.redis("HGETALL", test.keys.holders(.demo)).fields()
            #expect(fields["ca"] == "1|1|0|0")
            #expect(fields["o\(order.id)"] == "ca")
        }
    }

    @Test func theTermsAreInTheLedgerAndInReports() async throws {
        try await withSale(terms: { $0.offerSeconds = 77 }) { test in
            let terms = try #require(try await test.ledger.event(.demo)?.terms)
            #expect(terms.hasWaitlist)
            #expect(terms.offerSeconds == 77)
            #expect(try await test.inventory.event(.demo)?.terms == terms)
            _ = try await test.catalogue.put(.demo, EventChange(hasWaitlist: false, offerSeconds: .some(nil)))
            let changed = try #require(try await test.inventory.event(.demo)?.terms)
            #expect(!changed.hasWaitlist)
            #expect(changed.offerSeconds == nil)
        }
    }

    /// As in the ledger: the offer of a unit that does not exist.
    @Test func theLedgerCanRejectAnOffer() async throws {
        try await withSale(capacity: 0) { test in
            let order = try await place(test, "a")
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.redis("HSET", test.keys.event(.demo), "stock", "1")
            try await test.redis("ZADD", test.keys.offersDue, "1", "demo")
            #expect(try await makeOffers(test).offered == 1)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.ledger.order(order.id)?.state == .rejected)
            #expect(try await state(test, order) == .rejected)
            #expect(try await test.isAtRest())
        }
    }
}
