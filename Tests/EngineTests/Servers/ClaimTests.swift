import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema
@testable import Timing

@Suite(.timeLimit(.minutes(10))) struct ClaimTests {
    /// Stores with the event `demo`.
    private func withSale(
        _ terms: EventTerms = EventTerms(name: "Demo", capacity: 100), _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, terms)
            try await body(test)
        }
    }

    @Test func tenThousandConcurrentClaimsSellExactlyAHundredTickets() async throws {
        try await withSale { test in
            let (accepted, refused) = try await test.claimAtOnce(10_000)
            #expect(accepted.count == 100)
            #expect(refused.count == 9900)
            #expect(Set(refused) == [.soldOut])
            #expect(try await test.redis("LLEN", test.keys.queue).integer == 100)
            let report = try #require(try await test.inventory.event(.demo))
            #expect(report.available == 0)
            #expect(report.pending == 100)
            #expect(report.status == .soldOut)
            let rows = try await test.withWorkers(2) {
                try await test.waitUntilDrained()
                return try await test.sql(
                    "SELECT count(*) || '/' || count(DISTINCT id) || '/' || sum(quantity) FROM orders")
            }
            #expect(rows == "100/100/100")
            #expect(try await test.isAtRest())
        }
    }

    @Test func aQuantityAboveTheStockIsRefusedAndTheStockStaysForSale() async throws {
        try await withSale(EventTerms(name: "Demo", capacity: 5, maxQuantity: 10)) { test in
            #expect(
                try await test.inventory.claim(test.purchase(quantity: 6)) == .refused(.insufficientStock(available: 5))
            )
            guard case .accepted = try await test.inventory.claim(test.purchase(quantity: 3)) else {
                Issue.record("3 of 5 refused")
                return
            }
            #expect(
                try await test.inventory.claim(test.purchase(quantity: 3)) == .refused(.insufficientStock(available: 2))
            )
            guard case .accepted = try await test.inventory.claim(test.purchase(quantity: 2)) else {
                Issue.record("2 of 2 refused")
                return
            }
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.soldOut))
            #expect(try await test.inventory.claim(test.purchase(quantity: 11)) == .refused(.quantityAboveMaximum(10)))
        }
    }

    @Test(arguments: ["", "abc", "-1", "1.5", "nan", "inf", " "])
    func anUnreadableStockRefusesClaims(stock: String) async throws {
        try await withSale { test in
            try await test.redis("HSET", test.keys.event(.demo), "stock", stock)
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.recovering))
            #expect(
                try await test.redis("HGET", test.keys.event(.demo), "stock").string == stock, "nothing was changed")
            #expect(try await test.redis("LLEN", test.keys.queue).integer == 0)
        }
    }

    @Test(arguments: ["stock", "max_quantity", "pending"])
    func aMissingFieldRefusesClaims(field: String) async throws {
        try await withSale { test in
            try await test.redis("HDEL", test.keys.event(.demo), field)
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.recovering))
            #expect(try await test.redis("LLEN", test.keys.queue).integer == 0)
        }
    }

    /// If any key of the last event is damaged, the script refuses the whole group and writes nothing, because Lua does
    /// not roll back.
    @Test func aScriptFailsBeforeItsFirstWrite() async throws {
        try await withSale(EventTerms(name: "Demo", capacity: 100, customerLimit: 9, holdSeconds: 60)) { test in
            let other = try #require(EventID("other"))
            try await test.catalogue.ensure(
                other, EventTerms(name: "", capacity: 10, customerLimit: 9, holdSeconds: 60))
            let claim = ClaimScript(
                [
                    test.purchase(customer: "a"), test.purchase(other, customer: "a", key: "k"),
                    test.purchase(customer: "b"),
                ], queueLimit: 100)
            for key in [
                test.keys.customers(other), test.keys.holds(other), test.keys.eventsWithHolds, test.keys.queue,
                test.keys.event(other),
            ] {
                let good = try await test.redis("DUMP", key)
                try await test.redis("DEL", key)
                try await test.redis("SET", key, "damaged")
                let before = try await test.redis("DBSIZE").integer
                await #expect(throws: RedisError.self) { try await test.partition.run(claim) }
                #expect(try await test.redis("DBSIZE").integer == before, "\(key)")
                #expect(try await test.counters() == Counters(available: 100), "\(key)")
                try await test.redis("DEL", key)
                if case .bulkString(let bytes) = good {
                    var restore = RedisCommand("RESTORE", key, "0")
                    restore.append(bytes)
                    _ = try await test.stores.redis.connection.send(restore)
                }
            }
            #expect(
                try await test.partition.run(claim).allSatisfy { if case .accepted = $0 { true } else { false } })
        }
    }

    @Test func aMissingEventIsUnknown() async throws {
        try await withSale { test in
            try await test.redis("DEL", test.keys.event(.demo))
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.eventUnknown))
        }
    }

    @Test func aFullQueueTakesNoStock() async throws {
        try await withTestStores(queueLimit: 10) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100))
            let (accepted, refused) = try await test.claimAtOnce(50)
            #expect(accepted.count == 10)
            #expect(Set(refused) == [.queueFull])
            #expect(try #require(try await test.inventory.event(.demo)).available == 90)
        }
    }

    @Test func theSaleOpensAndClosesByTheRedisServersClock() async throws {
        try await withSale { test in
            let now = try #require(try await test.redis("TIME").array?.first?.integer) * 1000
            func put(_ change: EventChange) async throws { _ = try await test.catalogue.put(.demo, change) }
            try await put(EventChange(opensAt: Timestamp(milliseconds: now + 3_600_000)))
            guard case .refused(.scheduled(let opens, let clock)) = try await test.inventory.claim(test.purchase())
            else {
                Issue.record("sold before the sale opens")
                return
            }
            #expect(opens.milliseconds == now + 3_600_000)
            #expect(abs(clock.milliseconds - now) < 60_000)
            try await put(EventChange(opensAt: Timestamp(milliseconds: now - 1000), paused: true))
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.paused))
            try await put(EventChange(closesAt: Timestamp(milliseconds: now - 1), paused: false))
            #expect(try await test.inventory.claim(test.purchase()) == .refused(.closed))
            try await put(EventChange(closesAt: .some(nil)))
            guard case .accepted = try await test.inventory.claim(test.purchase()) else {
                Issue.record("an open event refused a claim")
                return
            }
        }
    }

    @Test func claimsOfManyEventsInOneGroupAreIndependent() async throws {
        try await withTestStores { test in
            let events = try (0..<20).map { try #require(EventID("e\($0)")) }
            for (number, event) in events.enumerated() {
                try await test.catalogue.ensure(event, EventTerms(name: "", capacity: number))
            }
            let missing = try #require(EventID("missing"))
            let outcomes = try await withThrowingTaskGroup(of: (EventID, ClaimOutcome).self) { group in
                for event in events + [missing] {
                    for _ in 0..<30 { group.addTask { (event, try await test.inventory.claim(test.purchase(event))) } }
                }
                return try await group.reduce(into: [EventID: [ClaimOutcome]]()) { $0[$1.0, default: []].append($1.1) }
            }
            for (number, event) in events.enumerated() {
                let accepted = outcomes[event]?.filter { if case .accepted = $0 { true } else { false } }
                #expect(accepted?.count == number)
            }
            #expect(outcomes[missing].map(Set.init) == [.refused(.eventUnknown)])
        }
    }

    @Test func partitionsSellAndDrainIndependently() async throws {
        try await withTestStores(partitions: 4) { test in
            let events = try (0..<8).map { try #require(EventID("event-\($0)")) }
            for event in events { try await test.catalogue.ensure(event, EventTerms(name: "", capacity: 5)) }
            var sold: [Purchase] = []
            for event in events { sold += try await test.claimAtOnce(8, of: event).accepted }
            #expect(sold.count == 40)
            #expect(Set(sold.map(\.id.partition)).count > 1)
            try await test.withWorkers {
                try await eventually("all orders are persisted") {
                    try await test.sql("SELECT count(*) FROM orders") == "40"
                }
            }
            for purchase in sold { #expect(try await test.inventory.order(purchase.id)?.state == .confirmed) }
        }
    }

    @Test func anEvictedScriptDoesNotStopTheSale() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1000))
                try await test.withWorkers {
                    for _ in 0..<10 {
                        try await test.redis("SCRIPT", "FLUSH")
                        #expect(try await test.claimAtOnce(50).accepted.count == 50)
                    }
                    try await test.waitUntilDrained()
                }
                #expect(try await test.sql("SELECT count(*) FROM orders") == "500")
                #expect(try await test.isAtRest())
            }
        }
    }
}
