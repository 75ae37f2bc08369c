import Foundation
import Ledger
import NIOConcurrencyHelpers
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain

/// Many changes, many endpoints, many workers.
@Suite(.timeLimit(.minutes(10))) struct WebhookSaleTests {
    private func delivered(_ test: TestStores, _ ids: [String]) async throws -> Int {
        // The count reads all deliveries: it must not compete with them.
        try await Task.sleep(for: .milliseconds(200))
        let list = ids.map { "'\($0)'" }.joined(separator: ",")
        let text = try await test.sql(
            """
            SELECT count(*) FROM webhook_deliveries JOIN webhook_endpoints ON number = endpoint
            WHERE state = 'delivered' AND id IN (\(list))
            """)
        return Int(text ?? "") ?? 0
    }

    /// At most N messages at a time, whatever the number of workers, and each change once if nothing fails.
    @Test func workersShareEndpoints() async throws {
        try await withTestStores(readsChanges: true) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1_000_000))
            try await withWebhookReceiver(answering: { _ in
                try? await Task.sleep(for: .milliseconds(2))
                return .ok
            }) { receiver in
                try await test.register("w", receiver.url())
                let settings = ["WEBHOOK_ALLOW_PRIVATE": "true", "WEBHOOK_CONCURRENCY": "4"]
                try await test.withWorkers(3, environment: settings) {
                    for _ in 0..<6 { _ = try await test.ledger.settle(newOrders(100)) }
                    try await eventually("all are delivered", within: 200) {
                        try await delivered(test, ["w"]) == 600
                    }
                }
                #expect(receiver.messages.count == 600)
                #expect(Set(receiver.messages.map(\.order)).count == 600)
                #expect(receiver.mostAtOnce <= 4)
                #expect(receiver.mostAtOnce > 1)
            }
        }
    }

    /// 10,000 changes to 20 endpoints, of which five fail in different ways.
    @Test func brokenEndpointsDelayNoOther() async throws {
        try await withTestStores(readsChanges: true) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1_000_000))
            try await withWebhookReceiver(answering: { message in
                switch message.path {
                case "/b0": .status(500)
                case "/b1": .hang
                case "/b2": .reset
                case "/b3": .status(429, headers: ["retry-after": "60"])
                default: .ok
                }
            }) { receiver in
                let good = (0..<15).map { "g\($0)" }
                for id in good { try await test.register(id, receiver.url("/\(id)")) }
                for id in ["b0", "b1", "b2", "b3"] { try await test.register(id, receiver.url("/\(id)")) }
                // Nobody listens there.
                try await test.register("b4", "http://127.0.0.1:1/")
                let changes = 667
                try await test.withWorkers(2, environment: ["WEBHOOK_ALLOW_PRIVATE": "true"]) {
                    for count in [200, 200, 200, 67] { _ = try await test.ledger.settle(newOrders(count)) }
                    try await eventually("the good ones have all", within: 200) {
                        try await delivered(test, good) == good.count * changes
                    }
                }
                for id in good {
                    let orders = receiver.messages.filter { $0.path == "/\(id)" }.map(\.order)
                    #expect(Set(orders).count == changes)
                }
                for id in ["b0", "b1", "b2", "b3"] {
                    #expect(receiver.messages.count { $0.path == "/\(id)" } < 100, "\(id) is not sent to all the time")
                }
            }
        }
    }

    /// A receiver that is away comes back: everything is delivered, and most messages were not tried in vain.
    @Test func anEndpointThatWasAwayIsCaughtUp() async throws {
        try await withTestStores(readsChanges: true) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1_000_000))
            let port = try await withWebhookReceiver { $0.port }
            try await test.register("w", "http://127.0.0.1:\(port)/hook")
            try await test.withWorkers(environment: ["WEBHOOK_ALLOW_PRIVATE": "true"]) {
                for _ in 0..<5 { _ = try await test.ledger.settle(newOrders(200)) }
                try await eventually("it is known to fail", within: 240) {
                    try await test.ledger.webhooks("w").first?.failures ?? 0 >= 2
                }
                try await withWebhookReceiver(port: port) { receiver in
                    try await eventually("all are delivered", within: 200) {
                        try await delivered(test, ["w"]) == 1000
                    }
                    #expect(Set(receiver.messages.map(\.order)).count == 1000)
                }
            }
            let tried = try await test.sql("SELECT count(*) FROM webhook_deliveries WHERE attempts > 1")
            #expect(Int(tried ?? "") ?? 1000 < 50)
        }
    }
}

/// New orders of the event `demo`.
func newOrders(_ count: Int) -> [Order] {
    (0..<count).map { _ in
        Order(
            id: OrderID(at: .now, partition: 0), event: .demo, generation: 1, quantity: 1, customer: "anna",
            state: .pending, claimedAt: Timestamp(milliseconds: 1_795_466_379_441))
    }
}
