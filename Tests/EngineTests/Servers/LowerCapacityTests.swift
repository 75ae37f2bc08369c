import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// A capacity can be lowered to what is free at any time, whatever returns of units the ledger lacks.
@Suite(.timeLimit(.minutes(10))) struct LowerCapacityTests {
    private static let other = EventID("other") ?? .demo

    private func withSale(
        capacity: Int = 100, holdSeconds: Int? = 600, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            for id in [EventID.demo, Self.other] {
                try await test.catalogue.ensure(
                    id, EventTerms(name: "e", capacity: capacity, maxQuantity: 100, holdSeconds: holdSeconds))
            }
            try await body(test)
        }
    }

    private func returnUnits(_ quantity: Int, of event: EventID = .demo, _ test: TestStores) async throws {
        let order = try await test.hold(event, quantity: quantity)
        guard case .done = try await test.inventory.change(order, by: .cancel) else {
            throw GaveUp(description: "not cancelled")
        }
    }

    /// The time of a change that lowers the capacity.
    private func lower(to capacity: Int, _ test: TestStores) async throws -> Duration {
        try await ContinuousClock().measure {
            _ = try await test.catalogue.put(.demo, EventChange(capacity: capacity))
        }
    }

    private func returning(_ test: TestStores) async throws -> [Int?] {
        try await test.redis("HMGET", test.keys.event(.demo), "returned", "recorded").array?.map {
            $0.integer.map { Int($0) }
        } ?? []
    }

    @Test func returnsOfAnotherEventDoNotDelayIt() async throws {
        try await withSale { test in
            _ = try await test.hold(quantity: 30)
            try await returnUnits(5, of: Self.other, test)
            #expect(try await lower(to: 30, test) < .seconds(3), "no worker runs")
            #expect(try await test.inventory.claim(test.purchase()) != .refused(.recovering))
            #expect(try await test.sql("SELECT capacity FROM events WHERE id = 'demo'") == "30")
        }
    }

    @Test func returnsThatTheStockCoversDoNotDelayIt() async throws {
        try await withSale { test in
            _ = try await test.hold(quantity: 30)
            try await returnUnits(20, test)
            #expect(try await returning(test) == [20, 0])
            #expect(try await lower(to: 50, test) < .seconds(3), "no worker runs")
            #expect(try await test.claimAtOnce(40).accepted.count == 20)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE status = 'rejected'") == "0")
            #expect(try await returning(test) == [20, 20])
        }
    }

    /// The ledger would refuse an order if it had the lower capacity before the return.
    @Test func aLoweringThatNeedsReturnsWaitsForThemAndIsUndoneIfTheyDoNotCome() async throws {
        try await withSale { test in
            _ = try await test.hold(quantity: 30)
            try await returnUnits(20, test)
            await #expect(throws: CatalogueError.releasesInFlight) {
                try await test.catalogue.put(.demo, EventChange(capacity: 30))
            }
            #expect(try await test.counters() == Counters(available: 70, held: 30), "the capacity is restored")
            let lowered = Task { try await lower(to: 30, test) }
            try await eventually("Redis sells nothing more") { try await test.counters().available == 0 }
            #expect(try await test.sql("SELECT capacity FROM events WHERE id = 'demo'") == "100")
            try await test.withWorkers {
                _ = try await lowered.value
                try await test.waitUntilDrained()
            }
            #expect(try await test.isAtRest())
            #expect(try await test.sql("SELECT capacity FROM events WHERE id = 'demo'") == "30")
        }
    }

    /// While units of this event and of another one return all the time, each lowering to what is free succeeds.
    @Test func everyLoweringToWhatIsFreeSucceedsInABusySale() async throws {
        try await withSale(capacity: 1000) { test in
            let longest = try await test.withWorkers(2, batchSize: 50) {
                try await withThrowingTaskGroup(of: Duration.self) { group in
                    for number in 0..<16 {
                        group.addTask {
                            let event = number % 4 == 0 ? EventID.demo : Self.other
                            while !Task.isCancelled {
                                guard case .accepted(let found) = try await test.inventory.claim(test.purchase(event))
                                else { continue }
                                guard let order = try await test.inventory.order(found.order) else { continue }
                                _ = try await test.inventory.change(order, by: .cancel)
                            }
                            return .zero
                        }
                    }
                    var longest = Duration.zero
                    for capacity in stride(from: 900, through: 100, by: -100) {
                        longest = max(longest, try await lower(to: capacity, test))
                    }
                    group.cancelAll()
                    return longest
                }
            }
            #expect(longest < .seconds(4))
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE status = 'rejected'") == "0")
        }
    }

    /// A return that is dead-lettered stays counted, until it is requeued and settled.
    @Test func aDeadLetteredReturnStaysCounted() async throws {
        try await withSale { test in
            try await returnUnits(20, test)
            let batch = try #require(try await test.queue().take(limit: 10))
            let unsettleable = batch.orders.map { order in
                order.releasesUnits ? Settlement.unsettleable(reason: "r") : .recorded(version: 1, confirmedAt: nil)
            }
            _ = try await test.ledger.settle(batch.orders.filter { !$0.releasesUnits }, lease: batch.number)
            #expect(try await test.queue().acknowledge(batch, unsettleable))
            #expect(try await returning(test) == [20, 0])
            #expect(try await lower(to: 20, test) < .seconds(3))
            let letter = try #require(try await test.queue().deadLetters(limit: 10).first)
            #expect(try await test.queue().requeue(letter.id) == .done)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await returning(test) == [20, 20])
            #expect(try await test.isAtRest())
        }
    }

    /// The counts of an event that an earlier release published are missing.
    @Test func anEventOfAnEarlierReleaseWaitsForAllReturns() async throws {
        try await withSale { test in
            try await test.redis("HDEL", test.keys.event(.demo), "returned", "recorded")
            try await test.redis("INCR", test.keys.pendingReleases)
            await #expect(throws: CatalogueError.releasesInFlight) {
                try await test.catalogue.put(.demo, EventChange(capacity: 50))
            }
            try await test.redis("DEL", test.keys.pendingReleases)
            #expect(try await lower(to: 50, test) < .seconds(3))
            #expect(try await test.isAtRest())
        }
    }
}
