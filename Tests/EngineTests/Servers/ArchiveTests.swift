import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// Archiving and deleting events.
@Suite(.timeLimit(.minutes(10))) struct ArchiveTests {
    private func withSale(
        holdSeconds: Int? = nil, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo, EventTerms(name: "Demo", capacity: 100, customerLimit: 10, holdSeconds: holdSeconds))
            try await body(test)
        }
    }

    private func keys(_ test: TestStores, _ id: EventID = .demo) async throws -> [String] {
        let keys = [
            test.keys.customers(id), test.keys.holds(id), test.keys.backfill(id),
        ]
        var found: [String] = []
        for key in keys where try await test.redis("EXISTS", key).integer == 1 { found.append(key) }
        return found
    }

    @Test func anArchivedEventLeavesRedisAndComesBackWithItsOrders() async throws {
        try await withSale { test in
            let sold = try await test.claimAtOnce(30, customer: { "c\($0 % 5)" }).accepted
            try await test.withWorkers {
                // The orders in flight reach the ledger first.
                let isNew = try await test.catalogue.put(.demo, EventChange(archived: true))
                #expect(!isNew)
            }
            #expect(try await test.inventory.event(.demo) == nil)
            #expect(try await keys(test).isEmpty)
            #expect(try await test.inventory.claim(test.purchase(customer: "x")) == .refused(.eventUnknown))
            let report = try #require(try await test.catalogue.report(.demo))
            #expect(report.status == .closed)
            #expect(report.sold == 30)
            #expect(report.terms.isArchived)
            func listed(_ selection: EventSelection) async throws -> [EventID] {
                try await test.catalogue.list(after: "", limit: 10, selection)
            }
            #expect(try await listed(.notArchived) == [])
            #expect(try await listed(.archived) == [.demo])
            #expect(try await listed(.all) == [.demo])
            #expect(try await test.ledger.order(sold[0].id)?.state == .confirmed)

            _ = try await test.catalogue.put(.demo, EventChange(archived: false))
            #expect(try await test.counters() == Counters(available: 70, sold: 30))
            #expect(try await test.redis("HGET", test.keys.customers(.demo), "c0").integer == 6)
            #expect(try await test.claimAtOnce(5, customer: { _ in "c0" }).accepted.count == 4)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
        }
    }

    @Test func anEventWithHoldsOrOrdersInFlightIsNotArchivedAndSellsAgain() async throws {
        try await withSale(holdSeconds: 600) { test in
            let order = try await test.hold(quantity: 2, customer: "a")
            await #expect(throws: CatalogueError.ordersInFlight) {
                try await test.catalogue.put(.demo, EventChange(archived: true))
            }
            _ = try await test.hold(customer: "a")
            try await test.withWorkers {
                await #expect(throws: CatalogueError.unitsHeld(3)) {
                    try await test.catalogue.put(.demo, EventChange(archived: true))
                }
                _ = try await test.hold(customer: "a")
                try await test.waitUntilDrained()
            }
            #expect(try await test.counters() == Counters(available: 96, held: 4))
            #expect(try await test.inventory.order(order.id)?.state == .held)
        }
    }

    /// The publication before the archiving runs late: its caller stopped waiting.
    @Test func aLatePublicationDoesNotBringARemovedEventBack() async throws {
        try await withSale { test in
            let late = try #require(
                try await test.ledger.withLockedEvent(.demo) { event in
                    PublishScript(
                        EventPublication(
                            id: .demo, terms: event.terms, generation: event.generation, counts: UnitCounts(),
                            revision: event.revision, isNew: true))
                })
            _ = try await test.catalogue.put(.demo, EventChange(archived: true))
            #expect(try await test.partition.run(late) == .superseded)
            #expect(try await test.inventory.event(.demo) == nil)
        }
    }

    /// A rebuild leaves archived events out, and so does a start.
    @Test func aRebuildLeavesArchivedEventsOut() async throws {
        try await withSale { test in
            _ = try await test.catalogue.put(.demo, EventChange(archived: true))
            try await test.redis("FLUSHDB")
            try await test.recover()
            #expect(try await test.catalogue.publishUnpublished())
            #expect(try await test.inventory.event(.demo) == nil)
            await #expect(throws: CatalogueError.archived) {
                try await test.catalogue.reset(.demo, capacity: nil)
            }
            _ = try await test.catalogue.put(.demo, EventChange(capacity: 7, archived: false))
            #expect(try await test.claimAtOnce(9, customer: { "c\($0)" }).accepted.count == 7)
        }
    }

    @Test func onlyAnEventWithoutOrdersIsDeleted() async throws {
        try await withSale(holdSeconds: 600) { test in
            let order = try await test.hold(customer: "a")
            await #expect(throws: CatalogueError.ordersInFlight) { try await test.catalogue.delete(.demo) }
            #expect(try await test.counters() == Counters(available: 99, held: 1), "it sells again")
            _ = try await test.inventory.change(order, by: .cancel)
            try await test.withWorkers {
                await #expect(throws: CatalogueError.hasOrders) { try await test.catalogue.delete(.demo) }
                try await test.waitUntilDrained()
            }
            #expect(try await test.counters() == Counters(available: 100))
            let empty = try #require(EventID("empty"))
            _ = try await test.catalogue.put(empty, EventChange(capacity: 5))
            try await test.catalogue.delete(empty)
            #expect(try await test.catalogue.report(empty) == nil)
            #expect(try await test.inventory.event(empty) == nil)
            #expect(try await keys(test, empty).isEmpty)
            #expect(try await test.inventory.claim(test.purchase(empty)) == .refused(.eventUnknown))
            await #expect(throws: CatalogueError.eventUnknown) { try await test.catalogue.delete(empty) }
        }
    }

    /// Redis keeps records of a reset event for a day. A new event with the same id has nothing to do with them.
    @Test func anEventThatIsCreatedAgainHasNoEarlierOrders() async throws {
        try await withSale { test in
            let keyed = test.purchase(customer: "a", key: "k")
            guard case .accepted = try await test.inventory.claim(keyed) else { throw GaveUp(description: "") }
            try await test.withWorkers { try await test.waitUntilDrained() }
            _ = try await test.catalogue.reset(.demo, capacity: nil)
            try await test.catalogue.delete(.demo)
            #expect(try await test.catalogue.put(.demo, EventChange(capacity: 3)))
            #expect(try await test.inventory.order(keyed.id) == nil)
            let again = test.purchase(customer: "a", key: "k")
            let acceptance = try await test.acceptance(of: again)
            #expect(!acceptance.isReplay)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
        }
    }

    /// Buyers compete with the deletion: either an order exists and the event stays, or nothing was sold.
    @Test func aDeletionUnderLoadLosesNoOrder() async throws {
        try await withSale { test in
            try await test.withWorkers(2) {
                for round in 0..<10 {
                    let id = try #require(EventID("e\(round)"))
                    _ = try await test.catalogue.put(id, EventChange(capacity: 5))
                    async let claims = test.claimAtOnce(8, of: id)
                    do { try await test.catalogue.delete(id) } catch is CatalogueError {}
                    let sold = try await claims.accepted.count
                    try await test.waitUntilDrained()
                    let rows = try await test.sql("SELECT count(*) FROM orders WHERE event_id = '\(id)'")
                    #expect(rows == String(sold))
                    let isGone = try await test.ledger.event(id) == nil
                    #expect(isGone == (sold == 0))
                }
            }
            #expect(try await test.queue().deadLetterCount() == 0)
        }
    }

    /// The precondition is checked with the event's row locked.
    @Test func ofManyConditionalChangesOneIsMade() async throws {
        try await withSale { test in
            let before = try #require(try await test.ledger.event(.demo)).terms
            let unchanged = EventPrecondition { $0 == before }
            let made = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        (try? await test.catalogue.put(.demo, EventChange(name: "n\(number)"), if: unchanged)) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 1)
            let missing = try #require(EventID("missing"))
            await #expect(throws: CatalogueError.preconditionFailed(nil)) {
                try await test.catalogue.put(missing, EventChange(capacity: 1), if: EventPrecondition { $0 != nil })
            }
        }
    }

    /// Events that were never published and are over, as an import writes them; one is changed by hand.
    @Test func eventsThatAreOverArePublishedOnRequestOnly() async throws {
        try await withSale { test in
            try await test.sql(
                "INSERT INTO events (id, name, capacity, max_quantity, closes_at) "
                    + "SELECT 'old' || i, 'o', 5, 5, now() - interval '1 hour' FROM generate_series(1, 2000) AS i")
            let open = try #require(EventID("open"))
            try await test.sql("INSERT INTO events (id, name, capacity, max_quantity) VALUES ('open', 'o', 5, 5)")
            #expect(try await test.catalogue.publishUnpublished())
            #expect(try await test.inventory.event(open) != nil)
            let old = try #require(EventID("old77"))
            #expect(try await test.inventory.event(old) == nil)
            #expect(try await test.catalogue.report(old)?.status == .closed)
            #expect(try await test.catalogue.publish(old) == .published)
            #expect(try await test.inventory.claim(test.purchase(old)) == .refused(.closed))
            // Redis has this one, so its change is published before Redis sells.
            try await test.sql("UPDATE events SET unpublished = true, capacity = 4 WHERE id = 'old77'")
            try await test.catalogue.publisher.publishChanged(in: test.keys)
            #expect(try await test.inventory.event(old)?.terms.capacity == 4)
            #expect(try await test.catalogue.put(old, EventChange(closesAt: .some(nil))) == false)
            #expect(try await test.claimAtOnce(9, of: old).accepted.count == 4)
        }
    }
}
