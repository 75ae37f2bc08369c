import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema

@Suite(.bothWays, .timeLimit(.minutes(10))) struct ReusedKeyTests {
    /// An order was settled and its key was used again after the retention. Both orders can be cancelled, each once.
    @Test func anOrderWhoseKeyWasUsedAgainCanStillBeCancelled() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100, customerLimit: 10))
            let old = try await test.acceptance(of: test.purchase(quantity: 2, customer: "c", key: "k"))
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.queue().deleteOldestRecords(withKey: true, retention: .zero))
            let new = try await test.acceptance(of: test.purchase(quantity: 3, customer: "c", key: "k"))
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(test.keys.order(old.order) == test.keys.order(new.order))
            #expect(try await test.inventory.order(old.order) == nil)
            let row = try #require(try await test.ledger.order(old.order))
            let outcomes = try await withThrowingTaskGroup(of: TransitionOutcome.self) { group in
                for _ in 0..<10 { group.addTask { try await test.inventory.change(row, by: .cancel) } }
                return try await group.reduce(into: [TransitionOutcome]()) { $0.append($1) }
            }
            #expect(outcomes.count { if case .done = $0 { true } else { false } } == 1)
            #expect(outcomes.count { if case .already = $0 { true } else { false } } == 9)
            #expect(try await test.inventory.order(new.order)?.state == .confirmed)
            try await test.withAPI { api in
                func status(_ id: OrderID) async throws -> [String?] {
                    let response = try await api.send("GET", "/orders/\(id)")
                    return [response.text("status"), (response.json["persisted"] as? Bool).map { "\($0)" }]
                }
                #expect(try await status(old.order) == ["cancelled", "false"])
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await status(old.order) == ["cancelled", "true"])
                #expect(try await status(new.order) == ["confirmed", "true"])
                #expect(try await api.send("POST", "/orders/\(old.order)/cancel").text("status") == "cancelled")
            }
            #expect(try await test.ledger.order(old.order)?.state == .cancelled)
            #expect(try await test.ledger.order(new.order)?.state == .confirmed)
            #expect(try await test.counters() == Counters(available: 97, sold: 3))
            #expect(try await test.isAtRest())
        }
    }
}
