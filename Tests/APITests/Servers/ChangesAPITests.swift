import Foundation
import Ledger
import PostgresClient
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain

/// `GET /admin/changes`.
@Suite(.timeLimit(.minutes(10))) struct ChangesAPITests {
    private static let admin = ["Authorization": "Bearer secret"]

    private struct ChangesPage: Sendable {
        var count: Int
        var orders: [String]
        var next: String
    }

    private func read(_ api: HTTPClient, _ query: String) async throws -> ChangesPage {
        let response = try await api.send("GET", "/admin/changes?\(query)", headers: Self.admin)
        guard response.status == 200, let next = response.text("next_after") else {
            throw GaveUp(description: "the changes are \(response.body)")
        }
        let changes = response.json["changes"] as? [[String: Any]] ?? []
        let orders = changes.compactMap { ($0["data"] as? [String: Any])?["ticket_id"] as? String }
        return ChangesPage(count: changes.count, orders: orders, next: next)
    }

    private func withSale(
        _ body: @escaping @Sendable (TestStores, HTTPClient) async throws -> Void
    ) async throws {
        try await withTestStores(readsChanges: true) { test in
            try await test.withAPI(demo: false) { api in
                try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100_000))
                try await test.register("w", nil)
                try await body(test, api)
            }
        }
    }

    private func order() -> Order {
        Order(
            id: OrderID(at: .now, partition: 0), event: .demo, generation: 1, quantity: 1, customer: nil,
            state: .pending, claimedAt: Timestamp(milliseconds: 1_795_466_379_441))
    }

    /// Reads until it has some orders. A transaction of another test can delay them.
    private func orders(_ count: Int, _ api: HTTPClient, from first: String? = nil) async throws -> [String] {
        var (orders, cursor) = ([String](), first)
        while orders.count < count {
            let page = try await page(api, limit: 7, after: cursor)
            orders += page.orders
            cursor = page.next
        }
        return orders
    }

    /// The next page that has changes.
    private func page(_ api: HTTPClient, limit: Int, after first: String? = nil) async throws -> ChangesPage {
        var page = ChangesPage(count: 0, orders: [], next: first ?? "")
        while page.count == 0 {
            page = try await read(api, "limit=\(limit)&wait=20" + (page.next.isEmpty ? "" : "&after=\(page.next)"))
        }
        return page
    }

    @Test func eachCommittedChangeIsReadOnce() async throws {
        try await withSale { test, api in
            let sold = (0..<40).map { _ in order() }
            async let read = orders(40, api)
            for part in stride(from: 0, to: 40, by: 8) {
                _ = try await test.ledger.settle(Array(sold[part..<part + 8]))
            }
            let found = try await read
            #expect(found.count == 40)
            #expect(Set(found) == Set(sold.map(\.id.description)))
        }
    }

    /// Writers that commit in another order than they began, and some that roll back, while a client reads.
    @Test func aLateCommitIsNotSkipped() async throws {
        try await withSale { test, api in
            async let read = orders(396, api)
            let committed = try await withThrowingTaskGroup(of: [String].self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        var written: [String] = []
                        for round in 0..<40 {
                            let ids = (0..<2).map { _ in OrderID(at: .now, partition: 0) }
                            let isLost = round.isMultiple(of: 4)
                            do {
                                try await test.pool.withTransaction { connection in
                                    for id in ids {
                                        _ = try await connection.execute(
                                            script: "INSERT INTO changes (type, event_id, order_id, version) "
                                                + "VALUES ('order.held', 'demo', '\(id)', 1)")
                                    }
                                    try await Task.sleep(for: .milliseconds((writer * 7 + round * 13) % 50))
                                    if isLost { throw GaveUp(description: "rolled back") }
                                }
                                written += ids.map(\.description)
                            } catch is GaveUp {}
                        }
                        return written
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(committed.count == 360)
            _ = try await test.ledger.settle((0..<36).map { _ in order() })
            let found = try await read
            #expect(Set(found).count == found.count)
            #expect(Set(committed).isSubset(of: found))
            #expect(found.count == 396)
        }
    }

    @Test func aRequestWaitsForAChange() async throws {
        try await withSale { test, api in
            let begin = try await read(api, "")
            let begun = ContinuousClock.now
            let empty = try await read(api, "wait=1&after=\(begin.next)")
            #expect(empty.count == 0)
            #expect(ContinuousClock.now - begun >= .seconds(1))
            async let next = read(api, "wait=30&after=\(empty.next)")
            try await Task.sleep(for: .milliseconds(200))
            _ = try await test.ledger.settle([order()])
            #expect(try await next.count == 1)
            let preferred = try await api.send(
                "GET", "/admin/changes?after=\(empty.next)",
                headers: Self.admin.merging(["Prefer": "wait=5"]) { $1 })
            #expect(preferred.headers["preference-applied"] == "wait=5")
            #expect((preferred.json["changes"] as? [Any])?.count == 1)
            #expect(try await api.send("GET", "/admin/changes?wait=31", headers: Self.admin).status == 400)
        }
    }

    @Test func withoutAWebhookThereAreNoChanges() async throws {
        try await withSale { test, api in
            let page = try await read(api, "")
            _ = try await test.ledger.settle([order()])
            #expect(try await orders(1, api).count == 1)
            #expect(try await test.ledger.deleteWebhook("w", by: .test))
            let refused = try await api.send("GET", "/admin/changes", headers: Self.admin)
            #expect(refused.status == 409)
            #expect(refused.text("code") == "changes-not-written")
            _ = try await test.ledger.settle([order()])
            try await test.register("other", nil)
            let expired = try await api.send("GET", "/admin/changes?after=\(page.next)", headers: Self.admin)
            #expect(expired.status == 410, "a change in between was not written")
            #expect(expired.text("code") == "cursor-expired")
        }
    }

    @Test func aCursorBeforeRemovedChangesHasExpired() async throws {
        try await withSale { test, api in
            _ = try await test.ledger.settle((0..<3).map { _ in order() })
            let first = try await page(api, limit: 1)
            #expect(first.count == 1)
            #expect(try await orders(2, api, from: first.next).count == 2)
            try await test.sql("UPDATE changes SET at = at - interval '80 hours'")
            _ = try await test.ledger.settle([order()])
            _ = try await test.ledger.removeChanges(after: .beginning, olderThan: 72, limit: 100)
            let expired = try await api.send("GET", "/admin/changes?after=\(first.next)", headers: Self.admin)
            #expect(expired.text("code") == "cursor-expired")
            #expect(try await orders(1, api).count == 1, "from the first that is kept")
        }
    }

    @Test func aCursorOfAnotherDatabaseHasExpired() async throws {
        try await withSale { test, api in
            let other = ChangesCursor(ChangePosition(transaction: 1, sequence: 1), in: "7-00000001").text
            let expired = try await api.send("GET", "/admin/changes?after=\(other)", headers: Self.admin)
            #expect(expired.status == 410)
            for text in ["x", "", "AAAA", "MS4x", other + "=", String(repeating: "A", count: 200)] {
                let refused = try await api.send("GET", "/admin/changes?after=\(text)", headers: Self.admin)
                #expect(refused.status == 400, "\(text)")
                #expect(refused.text("field") == "after")
            }
        }
    }
}
