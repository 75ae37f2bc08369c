import NIOConcurrencyHelpers
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import PostgresClient

@Suite(.timeLimit(.minutes(10))) struct EventCatalogueTests {
    /// Stores with the event `demo`.
    private func withSale(
        capacity: Int = 10, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: capacity))
            try await body(test)
        }
    }

    @Test func moreCapacityIsForSaleImmediatelyAndLessThanTheClaimedUnitsIsRefused() async throws {
        try await withSale { test in
            _ = try await test.claimAtOnce(10)
            #expect(try await test.catalogue.put(.demo, EventChange(capacity: 12)) == false)
            #expect(try await test.claimAtOnce(5).accepted.count == 2)
            await #expect(throws: CatalogueError.capacityInUse(claimed: 12)) {
                try await test.catalogue.put(.demo, EventChange(name: "New", capacity: 11))
            }
            let report = try #require(try await test.catalogue.report(.demo))
            #expect(report.terms.capacity == 12, "nothing was changed")
            #expect(report.terms.name == "Demo", "nothing was changed")
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
            await #expect(throws: CatalogueError.capacityInUse(claimed: 12)) {
                try await test.catalogue.put(.demo, EventChange(capacity: 11))
            }
            _ = try await test.catalogue.put(.demo, EventChange(capacity: 20))
            _ = try await test.catalogue.put(.demo, EventChange(capacity: 12))
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.soldOut))
            #expect(try await test.isAtRest())
        }
    }

    @Test func capacityChangesUnderLoadKeepTheCounters() async throws {
        try await withSale(capacity: 1000) { test in
            try await test.withWorkers(2) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 {
                        group.addTask { for _ in 0..<50 { _ = try await test.inventory.claim(test.purchase()) } }
                    }
                    group.addTask {
                        for capacity in [1500, 400, 900, 2000, 100, 1200] {
                            do {
                                _ = try await test.catalogue.put(.demo, EventChange(capacity: capacity))
                            } catch is CatalogueError {}
                        }
                    }
                    try await group.waitForAll()
                }
                try await test.waitUntilDrained()
            }
            #expect(try await test.isAtRest())
        }
    }

    @Test func concurrentRequestsCreateAnEventOnce() async throws {
        try await withSale { test in
            let id = try #require(EventID("new"))
            let created = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 { group.addTask { try await test.catalogue.put(id, EventChange(capacity: 50)) } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(created == 1)
            #expect(try await test.claimAtOnce(60, of: id).accepted.count == 50)
        }
    }

    @Test func aLostEventIsBackfilledWhenItsOrdersAreInTheLedger() async throws {
        try await withSale(capacity: 10) { test in
            _ = try await test.claimAtOnce(3)
            try await test.withWorkers { try await test.waitUntilDrained() }
            _ = try await test.claimAtOnce(2)
            try await test.redis("DEL", test.keys.event(.demo))
            #expect(try await test.catalogue.publish(.demo) == .ordersInFlight, "two orders are not in the ledger yet")
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.eventUnknown))
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try #require(try await test.inventory.event(.demo)).available == 5)
            #expect(try await test.isAtRest())
        }
    }

    @Test func aResetUnderLoadDeletesAllEarlierOrders() async throws {
        try await withSale(capacity: 500) { test in
            try await test.withWorkers(2) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<10 {
                        group.addTask { for _ in 0..<100 { _ = try await test.inventory.claim(test.purchase()) } }
                    }
                    group.addTask { for _ in 0..<5 { _ = try await test.catalogue.reset(.demo, capacity: nil) } }
                    try await group.waitForAll()
                }
                try await test.waitUntilDrained()
            }
            #expect(try await test.isAtRest())
            #expect(
                try await test.sql("SELECT sold - (SELECT coalesce(sum(quantity), 0) FROM orders) FROM events") == "0")
        }
    }

    /// Between the steps of a reset in the two stores, no order is accepted that the reset would delete.
    @Test func nothingIsSoldDuringAReset() async throws {
        try await withSale(capacity: 10) { test in
            try await test.sql(
                """
                CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext(current_schema())); RETURN NEW; END $$;
                CREATE TRIGGER hold BEFORE UPDATE OF generation ON events FOR EACH ROW EXECUTE FUNCTION hold()
                """)
            try await test.pool.withTransaction { holder in
                try await holder.execute(script: "SELECT pg_advisory_xact_lock(hashtext(current_schema()))")
                async let reset = test.catalogue.reset(.demo, capacity: 5)
                try await eventually("the event is closed") {
                    try await test.inventory.claim(test.purchase()) == .refused(.recovering)
                }
                try await holder.execute(script: "COMMIT; BEGIN")
                #expect(try await reset == 5)
            }
            #expect(try await test.claimAtOnce(10).accepted.count == 5)
        }
    }

    @Test(arguments: [("stock", "1.5"), ("stock", "nan"), ("stock", ""), ("pending", ""), ("capacity", "x")])
    func aDamagedEventIsRebuiltWhenItsOrdersAreInTheLedger(field: String, value: String) async throws {
        try await withSale(capacity: 10) { test in
            _ = try await test.claimAtOnce(3)
            try await test.redis("HSET", test.keys.event(.demo), field, value)
            #expect(try await test.catalogue.publish(.demo) == .ordersInFlight)
            #expect(try await test.redis("HGET", test.keys.event(.demo), field).string == value, "nothing was changed")
            let batch = try #require(try await test.queue().take(limit: 10))
            try await test.redis("DEL", test.keys.leases, test.keys.batch(batch.token))
            _ = try await test.ledger.settle(batch.orders)
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try await test.claimAtOnce(10).accepted.count == 7)
        }
    }

    /// A reset that ended after closing the event in Redis and before Postgres changed, and one that ended after
    /// Postgres committed. Publishing completes both.
    @Test func anInterruptedResetIsCompleted() async throws {
        try await withSale(capacity: 10) { test in
            _ = try await test.claimAtOnce(4)
            try await test.close(.demo)
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.recovering))
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try await test.claimAtOnce(10).accepted.count == 6, "the previous stock")

            try await test.close(.demo)
            try await test.ledger.withLockedEvent(.demo) { try await $0.renew(capacity: 8, by: .test) }
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.recovering))
            #expect(try await test.catalogue.publish(.demo) == .published)
            #expect(try await test.claimAtOnce(20).accepted.count == 8, "all of the new stock")
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
        }
    }

    /// The script opened the event in Redis, but the ledger did not record the publication.
    @Test func theCapacityCannotBeLoweredBelowTheClaimedUnitsIfThePublicationWasNotRecorded() async throws {
        try await withSale(capacity: 100) { test in
            _ = try await test.claimAtOnce(80)
            try await test.sql("UPDATE events SET published_generation = 0")
            await #expect(throws: CatalogueError.capacityInUse(claimed: 80)) {
                try await test.catalogue.put(.demo, EventChange(capacity: 10))
            }
            #expect(try #require(try await test.inventory.event(.demo)).available == 20)
        }
    }

    @Test func aLowerCapacityIsRevertedIfTheLedgerFails() async throws {
        try await withSale(capacity: 100) { test in
            try await test.sql(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
                CREATE TRIGGER refuse BEFORE UPDATE OF capacity ON events FOR EACH ROW EXECUTE FUNCTION refuse()
                """)
            await #expect(throws: PostgresError.self) { try await test.catalogue.put(.demo, EventChange(capacity: 10)) }
            #expect(try #require(try await test.inventory.event(.demo)).available == 100)
        }
    }

    @Test func aChangeDuringAnOutageOfRedisIsReportedAsSaved() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 10))
                try await redis.kill()
                do {
                    _ = try await test.catalogue.put(.demo, EventChange(capacity: 20))
                    Issue.record("published without Redis")
                } catch let error as CatalogueError {
                    guard case .notInEffectYet = error else { throw error }
                }
                #expect(try await test.sql("SELECT capacity FROM events") == "20")
                try await redis.restart()
                try await test.waitForRedis()
                #expect(try await test.catalogue.publish(.demo) == .published)
                #expect(try await test.claimAtOnce(30).accepted.count == 20)
            }
        }
    }

    /// The ledger was changed by hand: Redis refuses a capacity below its claimed units.
    @Test func aCapacityBelowTheClaimedUnitsIsNotPublished() async throws {
        try await withSale(capacity: 100) { test in
            _ = try await test.claimAtOnce(80)
            try await test.sql("UPDATE events SET capacity = 10")
            #expect(try await test.catalogue.publish(.demo) == .belowClaimed)
            #expect(try #require(try await test.inventory.event(.demo)).available == 20, "nothing was changed")
        }
    }

    @Test func pagesOfEventsAreInOrder() async throws {
        try await withSale { test in
            for name in ["b", "a", "c"] {
                _ = try await test.catalogue.put(try #require(EventID(name)), EventChange(capacity: 1))
            }
            #expect(try await test.catalogue.list(after: "a", limit: 2).map(\.description) == ["b", "c"])
            #expect(try await test.catalogue.publishUnpublished())
        }
    }

    /// More events than are read at once, some of them in the ledger only, and one that does not exist.
    @Test func manyReportsAreReadInSlices() async throws {
        try await withSale { test in
            let ids = try (100..<230).map { try #require(EventID("e\($0)")) }
            for id in ids { _ = try await test.catalogue.put(id, EventChange(capacity: 7)) }
            for id in ids.prefix(3) { try await test.redis("DEL", test.keys.event(id)) }
            let nowhere = try #require(EventID("nowhere"))
            let delivered = NIOLockedValueBox<[[EventID: Result<EventReport?, any Error>]]>([])
            await test.catalogue.reports(of: ids.prefix(119) + [nowhere], through: test.stores.redis) { reports in
                delivered.withLockedValue { $0.append(reports) }
            }
            let parts = delivered.withLockedValue { $0 }
            #expect(parts.map(\.count) == [47, 50, 19, 4])
            let reports = try parts.reduce(into: [:]) { $0.merge($1) { first, _ in first } }.mapValues { try $0.get() }
            #expect(reports.count == 120)
            #expect(reports[nowhere] == .some(nil))
            #expect(ids.prefix(119).allSatisfy { reports[$0]??.available == 7 })
            #expect(
                ids.prefix(119).map { reports[$0]??.status == .paused } == (0..<119).map { $0 < 3 },
                "the ledger reports the first three")
        }
    }
}

extension TestStores {
    /// Closes an event as the first step of a reset does.
    fileprivate func close(_ id: EventID) async throws {
        try await ledger.withLockedEvent(id) { try await inventory.close($0) }
    }
}
