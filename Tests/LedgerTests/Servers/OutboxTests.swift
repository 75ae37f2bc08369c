import Engine
import Foundation
import PostgresClient
import Synchronization
import TestSupport
import Testing

@testable import Domain
@testable import Ledger

/// The outbox: what the statements that change orders and events write to it, and in which order it is read.
@Suite(.timeLimit(.minutes(10))) struct OutboxTests {
    static let secret = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"

    private func withSale(
        endpoint: Bool = true, capacity: Int = 1000, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores(readsChanges: true) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: capacity, maxQuantity: 1000))
            if endpoint { try await register(test) }
            try await body(test)
        }
    }

    @discardableResult
    private func register(_ test: TestStores, _ id: String = "w", url: String? = nil) async throws -> WebhookEndpoint {
        _ = try await test.ledger.putWebhook(id, secret: Self.secret, by: .test) { _ in WebhookTerms(url: url) }
        return try #require(try await test.ledger.webhooks(id).first)
    }

    private func order(
        _ state: OrderState = .pending, version: Int = 1, quantity: Int = 1, id: OrderID? = nil
    ) -> Order {
        let now = Timestamp(milliseconds: 1_795_466_379_441)
        var order = Order(
            id: id ?? OrderID(at: .now, partition: 0), event: .demo, generation: 1, quantity: quantity,
            customer: "anna",
            state: state, version: version, claimedAt: now)
        if state != .pending { order.expiresAt = Timestamp(milliseconds: now.milliseconds + 60_000) }
        if state == .confirmed { order.confirmedAt = Timestamp(milliseconds: now.milliseconds + 10_000) }
        return order
    }

    /// All changes that are final, when no earlier transaction runs.
    private func changes(_ test: TestStores, after position: ChangePosition = .beginning) async throws -> [Change] {
        let now = Int(try #require(try await test.sql("SELECT pg_current_xact_id()"))) ?? 0
        try await eventually("earlier transactions have ended") { try await test.ledger.changesState().below > now }
        return try await test.ledger.changes(after: position, in: try await test.ledger.changesState(), limit: 1000)
    }

    @Test(arguments: [OrderState.pending, .held])
    func withoutAnEndpointNothingIsWritten(state: OrderState) async throws {
        try await withSale(endpoint: false, capacity: 2) { test in
            _ = try await test.ledger.settle([order(state), order(state)])
            _ = try await test.ledger.settle([order()])
            _ = try await test.catalogue.reset(.demo, capacity: 7)
            #expect(try await test.sql("SELECT count(*) FROM changes") == "0")
            #expect(try await !test.ledger.changesState().areWritten)
        }
    }

    @Test func eachChangeOfAnOrderIsWrittenOnce() async throws {
        try await withSale { test in
            let held = order(.held, quantity: 3)
            let steps = [held, order(.confirmed, version: 2, quantity: 3, id: held.id)]
            let last = order(.cancelled, version: 3, quantity: 3, id: held.id)
            for step in steps + [last, steps[0], last] { _ = try await test.ledger.settle([step]) }
            let changes = try await changes(test)
            #expect(changes.map(\.type) == [.orderHeld, .orderConfirmed, .orderCancelled])
            #expect(changes.map(\.version) == [1, 2, 3])
            #expect(changes.allSatisfy { $0.order == held.id && $0.event == "demo" && $0.quantity == 3 })
            #expect(changes.allSatisfy { $0.customer == "anna" && $0.claimedAt == held.claimedAt })
            #expect(changes.map(\.confirmedAt) == [nil, steps[1].confirmedAt, nil])
            #expect(changes.map(\.expiresAt) == Array(repeating: held.expiresAt, count: 3))
            #expect(Set(changes.map(\.id)).count == 3)
        }
    }

    /// A place on a waiting list, its offer, and the end of a place with its reason.
    @Test func placesAndOffersAreWritten() async throws {
        try await withSale { test in
            var (place, other) = (order(.waiting), order(.waiting))
            (place.expiresAt, other.expiresAt) = (nil, nil)
            _ = try await test.ledger.settle([place, other])
            var offer = order(.held, version: 2, id: place.id)
            offer.quantity = 1
            _ = try await test.ledger.settle([offer])
            (other.state, other.version, other.reason) = (.cancelled, 2, "sale-ended")
            _ = try await test.ledger.settle([other])
            let changes = try await changes(test)
            #expect(changes.map(\.type) == [.orderWaiting, .orderWaiting, .orderHeld, .orderCancelled])
            #expect(changes.map(\.expiresAt) == [nil, nil, offer.expiresAt, nil])
            #expect(changes.map(\.reason) == [nil, nil, nil, "sale-ended"])
            #expect(try await test.ledger.order(place.id)?.expiresAt == offer.expiresAt)
            #expect(try await test.ledger.order(other.id)?.reason == "sale-ended")
            let event = try #require(try await test.ledger.event(.demo))
            #expect(event.held == 1)
            #expect(event.sold == 0)
        }
    }

    /// What the fast statement writes is what the row has.
    @Test func newOrdersAreWrittenWithTheirTimes() async throws {
        try await withSale { test in
            let orders = (0..<50).map { _ in order(quantity: 2) }
            _ = try await test.ledger.settle(orders)
            let changes = try await changes(test)
            #expect(Set(changes.compactMap(\.order)) == Set(orders.map(\.id)))
            #expect(changes.allSatisfy { $0.type == .orderConfirmed && $0.version == 1 && $0.quantity == 2 })
            let row = try #require(try await test.ledger.order(orders[7].id))
            let change = try #require(changes.first { $0.order == orders[7].id })
            #expect(change.confirmedAt == row.confirmedAt)
            #expect(change.claimedAt == row.claimedAt)
            #expect(change.customer == "anna")
        }
    }

    @Test func ordersThatTheLedgerRejectsAreWritten() async throws {
        try await withSale(capacity: 4) { test in
            let orders = (0..<2).map { _ in order(quantity: 3) }
            for _ in 0..<2 { _ = try await test.ledger.settle(orders) }
            let changes = try await changes(test)
            #expect(changes.map(\.type).sorted { $0.rawValue < $1.rawValue } == [.orderConfirmed, .orderRejected])
            #expect(changes.first { $0.type == .orderRejected }?.reason == "oversold")
        }
    }

    /// Each time that the last unit is sold, by either statement, or by a lower capacity.
    @Test func theLastUnitIsWrittenEachTimeThatItIsSold() async throws {
        try await withSale(capacity: 3) { test in
            let first = order(quantity: 3)
            _ = try await test.ledger.settle([first])
            _ = try await test.ledger.settle([order(.cancelled, version: 2, quantity: 3, id: first.id)])
            let held = (0..<3).map { _ in order(.held) }
            _ = try await test.ledger.settle(held)
            _ = try await test.ledger.settle(held.map { order(.confirmed, version: 2, id: $0.id) })
            _ = try await test.ledger.settle([order(.cancelled, version: 3, id: held[0].id)])
            try await test.ledger.withLockedEvent(.demo) { event in
                var terms = event.terms
                terms.capacity = 2
                try await event.update(terms, by: .test)
                try await event.update(terms, by: .test)
            }
            let changes = try await changes(test)
            let sold = changes.filter { $0.type == .eventSoldOut }
            #expect(
                sold.map(\.details) == [
                    #"{"capacity" : 3, "sold" : 3}"#, #"{"capacity" : 3, "sold" : 3}"#,
                    #"{"capacity" : 2, "sold" : 2}"#,
                ])
        }
    }

    @Test func changesOfAnEventAreWritten() async throws {
        try await withSale { test in
            let event = try #require(EventID("gala"))
            _ = try await test.catalogue.put(event, EventChange(name: "Ga\"la", capacity: 5))
            _ = try await test.catalogue.put(event, EventChange(capacity: 6))
            _ = try await test.catalogue.put(event, EventChange(capacity: 6))
            _ = try await test.catalogue.reset(event, capacity: 7)
            try await test.catalogue.delete(event)
            let changes = try await changes(test)
            #expect(changes.map(\.type) == Array(repeating: .eventChanged, count: 4))
            #expect(changes.allSatisfy { $0.event == "gala" && $0.order == nil })
            let details = changes.map { change in
                (try? JSONSerialization.jsonObject(with: Data((change.details ?? "").utf8))) as? [String: Any] ?? [:]
            }
            #expect(details.map { $0["capacity"] as? Int } == [5, 6, 7, nil])
            #expect(details.map { $0["name"] as? String } == ["Ga\"la", "Ga\"la", "Ga\"la", nil])
            #expect(details.map { $0["reset"] as? Bool } == [nil, nil, true, nil])
            #expect(details.map { $0["deleted"] as? Bool } == [nil, nil, nil, true])
        }
    }

    /// A transaction that began first and commits last: nothing behind its change is read before.
    @Test func aChangeThatCommitsLateIsNotSkipped() async throws {
        try await withSale { test in
            let late = PostgresPool(test.settings.postgres)
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let (ended, end) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await late.withTransaction { connection in
                        try await connection.execute(
                            script: "INSERT INTO changes (type, event_id) VALUES ('event.changed', 'late')")
                        begin.yield()
                        for await _ in ended { break }
                    }
                }
                for await _ in begun { break }
                _ = try await test.ledger.settle([order()])
                let state = try await test.ledger.changesState()
                #expect(try await test.ledger.changes(after: .beginning, in: state, limit: 10) == [])
                end.yield()
                try await group.waitForAll()
            }
            #expect(try await changes(test).map(\.event) == ["late", "demo"])
            await late.close()
        }
    }

    /// Registering waits for a settlement that did not see the endpoint.
    @Test func registeringWaitsForWhatIsBeingWritten() async throws {
        try await withSale(endpoint: false) { test in
            let late = PostgresPool(test.settings.postgres)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (begun, begin) = AsyncStream.makeStream(of: Void.self)
                let (ended, end) = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    try await late.withTransaction { connection in
                        try await connection.execute(script: "LOCK TABLE changes IN ROW EXCLUSIVE MODE")
                        begin.yield()
                        for await _ in ended { break }
                    }
                }
                for await _ in begun { break }
                let isWritten = Mutex(false)
                group.addTask {
                    try await register(test)
                    #expect(isWritten.withLock { $0 }, "it has returned before")
                    #expect(try await test.ledger.changesWriters().isEmpty)
                }
                try await eventually("the endpoint is committed") { try await !test.ledger.webhooks().isEmpty }
                // Without the wait, it would return within this time.
                try await Task.sleep(for: .milliseconds(200))
                isWritten.withLock { $0 = true }
                end.yield()
                try await group.waitForAll()
            }
            await late.close()
        }
    }

    @Test func oldChangesThatNoEndpointNeedsAreRemoved() async throws {
        try await withSale { test in
            _ = try await test.ledger.settle((0..<30).map { _ in order() })
            _ = try await changes(test)
            let pushed = try await register(test, "push", url: "https://example.com/")
            _ = try await test.ledger.settle((0..<30).map { _ in order() })
            _ = try await changes(test)
            try await test.sql("UPDATE changes SET at = at - interval '80 hours'")
            _ = try await test.ledger.settle([order()])

            func remove() async throws -> Int {
                var (position, count) = (ChangePosition.beginning, 0)
                while let slice = try await test.ledger.removeChanges(after: position, olderThan: 72, limit: 7) {
                    position = slice.last
                    count += slice.removed
                }
                return count
            }
            #expect(try await remove() == 30, "the endpoint has not come to the others")
            #expect(try await test.ledger.changesState().removed != nil)
            let claimed = try await test.ledger.claimWebhooks(for: "me", lease: .seconds(60), limit: 9)
            #expect(claimed == [pushed.number])
            _ = try await test.ledger.webhookTurn(pushed.number, owner: "me", lease: .seconds(60), limit: 1000)
            #expect(try await remove() == 0, "they are not delivered")
            let due = try await test.ledger.dueDeliveries(of: pushed.number, except: [], limit: 1000)
            let results = due.map { DeliveryResult(sequence: $0.sequence, isSuccess: true, status: 200, answer: "") }
            _ = try await test.ledger.record(results, of: pushed.number)
            _ = try await remove()
            #expect(try await test.sql("SELECT count(*) FROM changes") == "1")
        }
    }

    /// A ledger from a dump has transaction numbers that its server has not reached.
    @Test func afterARestorationEachChangeIsDelivered() async throws {
        try await withSale { test in
            let pushed = try await register(test, "push", url: "https://example.com/")
            func deliver(_ limit: Int) async throws -> [Change] {
                _ = try await test.ledger.claimWebhooks(for: "me", lease: .zero, limit: 9)
                _ = try await test.ledger.webhookTurn(pushed.number, owner: "me", lease: .zero, limit: 1000)
                let due = try await test.ledger.dueDeliveries(of: pushed.number, except: [], limit: limit)
                let results = due.map {
                    DeliveryResult(sequence: $0.sequence, isSuccess: true, status: 200, answer: "")
                }
                _ = try await test.ledger.record(results, of: pushed.number)
                return due.map(\.change)
            }
            _ = try await test.ledger.settle((0..<20).map { _ in order() })
            _ = try await changes(test)
            let first = try await deliver(10)
            #expect(first.count == 10)
            for table in ["changes", "webhook_deliveries", "webhook_progress"] {
                try await test.sql("UPDATE \(table) SET xid = (xid::text::bigint + 1000000000)::text::xid8")
            }
            _ = try await test.ledger.settle((0..<5).map { _ in order() })
            #expect(try await test.ledger.renumberRestoredChanges())
            #expect(try await !test.ledger.renumberRestoredChanges())
            _ = try await test.ledger.settle((0..<5).map { _ in order() })
            #expect(try await changes(test).count == 30)
            let rest = try await deliver(1000)
            #expect(rest.count == 20, "none is delivered again")
            #expect(Set((first + rest).map(\.id)).count == 30)
        }
    }

    /// An endpoint that gets a URL is not sent what was written before.
    @Test func anEndpointBeginsWithItsURL() async throws {
        try await withSale { test in
            _ = try await test.ledger.settle((0..<5).map { _ in order() })
            _ = try await changes(test)
            _ = try await test.ledger.putWebhook("w", secret: "", by: .test) { _ in
                WebhookTerms(url: "https://example.com/")
            }
            _ = try await test.ledger.settle([order()])
            _ = try await changes(test)
            let endpoint = try #require(try await test.ledger.webhooks("w").first)
            #expect(try await test.ledger.claimWebhooks(for: "me", lease: .seconds(60), limit: 9) == [endpoint.number])
            _ = try await test.ledger.webhookTurn(endpoint.number, owner: "me", lease: .seconds(60), limit: 1000)
            #expect(try await test.ledger.dueDeliveries(of: endpoint.number, except: [], limit: 10).count == 1)
        }
    }
}
