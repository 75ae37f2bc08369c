import Foundation
import Ledger
import NIOConcurrencyHelpers
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Webhooks

/// Deliveries by workers to receivers of every kind.
@Suite(.timeLimit(.minutes(10))) struct WebhookDeliveryTests {
    static let secret = WebhookSecret()
    private static let anywhere = ["WEBHOOK_ALLOW_PRIVATE": "true"]

    private func withSale(_ body: (TestStores) async throws -> Void) async throws {
        try await withTestStores(readsChanges: true) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1_000_000, maxQuantity: 1000))
            try await body(test)
        }
    }

    private func deliveries(_ test: TestStores, _ state: DeliveryState? = nil, of id: String = "w") async throws
        -> [WebhookDelivery]
    {
        let endpoint = try #require(try await test.ledger.webhooks(id).first)
        return try await test.ledger.deliveries(of: endpoint, before: nil, in: state, limit: 20_000)
    }

    // MARK: What is sent

    @Test func aMessageIsSignedAndSaysWhatHasChanged() async throws {
        try await withSale { test in
            try await withWebhookReceiver { receiver in
                let secret = try await test.register("w", receiver.url("/a?b=c"))
                let orders = newOrders(3)
                try await test.withWorkers(environment: Self.anywhere) {
                    _ = try await test.ledger.settle(orders)
                    try await eventually("the messages are there", within: 240) { receiver.messages.count == 3 }
                    try await eventually("they are recorded", within: 240) {
                        try await deliveries(test, .delivered).count == 3
                    }
                }
                for message in receiver.messages {
                    #expect(message.path == "/a?b=c")
                    #expect(message.headers["content-type"] == "application/json")
                    #expect(message.type == "order.confirmed")
                    #expect(message.data["event"] as? String == "demo")
                    #expect(message.version == 1)
                    let timestamp = try #require(Int64(message.timestamp))
                    #expect(abs(timestamp - Timestamp.now.milliseconds / 1000) < 60)
                    let signature = secret.signature(id: message.id, timestamp: timestamp, body: message.body)
                    #expect(message.signatures == [signature])
                }
                #expect(Set(receiver.messages.map(\.order)) == Set(orders.map(\.id.description)))
                let rows = try await deliveries(test)
                #expect(Set(rows.compactMap(\.message)) == Set(receiver.messages.map(\.id)))
                #expect(rows.allSatisfy { $0.status == 200 && $0.attempts == 1 })
            }
        }
    }

    @Test func anEndpointGetsOnlyWhatItWants() async throws {
        try await withSale { test in
            let other = try #require(EventID("other"))
            try await test.catalogue.ensure(other, EventTerms(name: "", capacity: 10))
            try await withWebhookReceiver { receiver in
                try await test.register("types", receiver.url("/types"), types: [.orderCancelled])
                try await test.register("events", receiver.url("/events"), events: [other])
                try await test.register("all", receiver.url("/all"))
                try await test.withWorkers(environment: Self.anywhere) {
                    var orders = newOrders(2)
                    orders[1].event = other
                    _ = try await test.ledger.settle(orders)
                    orders[0].state = .cancelled
                    orders[0].version = 2
                    _ = try await test.ledger.settle([orders[0]])
                    try await eventually("all messages are there", within: 240) {
                        receiver.messages.count { $0.path == "/all" } == 3 && receiver.messages.count == 5
                    }
                }
                #expect(receiver.messages.filter { $0.path == "/types" }.map(\.type) == ["order.cancelled"])
                #expect(
                    receiver.messages.filter { $0.path == "/events" }.map { $0.data["event"] as? String } == ["other"])
            }
        }
    }

    @Test func afterARotationBothSecretsSign() async throws {
        try await withSale { test in
            try await withWebhookReceiver { receiver in
                let old = try await test.register("w", receiver.url())
                let new = WebhookSecret()
                #expect(try await test.ledger.rotateWebhook("w", secret: new.text, by: .test))
                try await test.withWorkers(environment: Self.anywhere) {
                    _ = try await test.ledger.settle(newOrders(1))
                    try await eventually("the message is there", within: 240) { receiver.messages.count == 1 }
                    try await test.sql("UPDATE webhook_endpoints SET previous_until = now() - interval '1 second'")
                    _ = try await test.ledger.settle(newOrders(1))
                    try await eventually("the other is there", within: 240) { receiver.messages.count == 2 }
                }
                let messages = receiver.messages
                func signature(_ secret: WebhookSecret, _ message: WebhookReceiver.Message) -> String {
                    secret.signature(
                        id: message.id, timestamp: Int64(message.timestamp) ?? 0, body: message.body)
                }
                #expect(messages[0].signatures == [signature(new, messages[0]), signature(old, messages[0])])
                #expect(messages[1].signatures == [signature(new, messages[1])], "24 hours later")
            }
        }
    }

    // MARK: Receivers that fail

    @Test(arguments: ["500", "302", "reset", "404"])
    func aMessageThatFailsIsSentAgainAsItWas(kind: String) async throws {
        try await withSale { test in
            try await withWebhookReceiver { other in
                let url = other.url("/elsewhere")
                try await withWebhookReceiver(answering: { message in
                    guard message.number <= 2 else { return .ok }
                    switch kind {
                    case "reset": return .reset
                    case "302": return .status(302, headers: ["location": url])
                    default: return .status(Int(kind) ?? 500, body: "no\0t now")
                    }
                }) { receiver in
                    try await test.register("w", receiver.url())
                    try await test.withWorkers(environment: Self.anywhere) {
                        _ = try await test.ledger.settle(newOrders(1))
                        try await eventually("it has failed", within: 240) {
                            try await !deliveries(test, .retrying).isEmpty
                        }
                        let failed = try #require(try await deliveries(test, .retrying).first)
                        #expect(failed.status == Int(kind))
                        #expect(failed.nextAt != nil)
                        if kind == "500" { #expect(failed.answer == "not now") }
                        try await eventually("it is delivered", within: 240) {
                            try await deliveries(test, .delivered).count == 1
                        }
                    }
                    #expect(receiver.messages.count == 3)
                    #expect(Set(receiver.messages.map(\.id)).count == 1)
                    #expect(Set(receiver.messages.map(\.body)).count == 1)
                    #expect(try await deliveries(test).first?.attempts == 3)
                }
                #expect(other.messages.isEmpty, "redirects are not followed")
            }
        }
    }

    @Test func aReceiverThatHangsDelaysNobodyElse() async throws {
        try await withSale { test in
            // The numbers of the messages that hang, and how many there were when the other endpoint got its first one.
            let hanging = NIOLockedValueBox((count: 0, before: Int?.none))
            try await withWebhookReceiver(answering: { message in
                hanging.withLockedValue { hanging in
                    if message.path == "/hang" {
                        hanging.count += 1
                    } else if hanging.before == nil {
                        hanging.before = hanging.count
                    }
                }
                return message.path == "/hang" ? .hang : .ok
            }) { receiver in
                try await test.register("slow", receiver.url("/hang"))
                try await test.withWorkers(environment: Self.anywhere.merging(["WEBHOOK_CONCURRENCY": "3"]) { $1 }) {
                    let begun = ContinuousClock.now
                    _ = try await test.ledger.settle(newOrders(10))
                    try await eventually("messages hang", within: 240) { hanging.withLockedValue { $0.count } >= 3 }
                    try await test.register("w", receiver.url("/ok"))
                    _ = try await test.ledger.settle(newOrders(500))
                    try await eventually("the other endpoint has all", within: 240) {
                        try await deliveries(test, .delivered).count == 500
                    }
                    #expect(hanging.withLockedValue { $0.before } == 3, "no attempt had ended")
                    try await eventually("the attempt ends", within: 240) {
                        try await !deliveries(test, .retrying, of: "slow").isEmpty
                    }
                    let failed = try await deliveries(test, .retrying, of: "slow")
                    #expect(failed.first?.answer == "no answer within 10 seconds")
                    let turns = Int((ContinuousClock.now - begun) / .seconds(10)) + 1
                    #expect(receiver.messages.count { $0.path == "/hang" } <= 3 * turns, "three at a time")
                }
            }
        }
    }

    @Test func aReceiverThatIsGoneIsPaused() async throws {
        try await withSale { test in
            let gone = NIOLockedValueBox(true)
            try await withWebhookReceiver(
                answering: { _ in gone.withLockedValue { $0 } ? .status(410) : .ok }
            ) { receiver in
                try await test.register("w", receiver.url())
                try await test.withWorkers(environment: Self.anywhere.merging(["WEBHOOK_CONCURRENCY": "1"]) { $1 }) {
                    _ = try await test.ledger.settle(newOrders(20))
                    try await eventually("it is paused", within: 240) {
                        try await test.ledger.webhooks("w").first?.terms.pause == .gone
                    }
                    let count = receiver.messages.count
                    _ = try await test.ledger.settle(newOrders(20))
                    #expect(count == 1)
                    gone.withLockedValue { $0 = false }
                    _ = try await test.ledger.putWebhook("w", secret: "", by: .test) { present in
                        var terms = try #require(present)
                        terms.pause = nil
                        return terms
                    }
                    try await eventually("all are delivered", within: 240) {
                        try await deliveries(test, .delivered).count == 40
                    }
                }
            }
        }
    }

    @Test(arguments: [429, 503])
    func aReceiverCanAskToWait(status: Int) async throws {
        try await withSale { test in
            let times = NIOLockedValueBox<[ContinuousClock.Instant]>([])
            try await withWebhookReceiver(answering: { message in
                times.withLockedValue { $0.append(.now) }
                return message.number == 1 ? .status(status, headers: ["retry-after": "5"]) : .ok
            }) { receiver in
                try await test.register("w", receiver.url())
                try await test.withWorkers(environment: Self.anywhere.merging(["WEBHOOK_CONCURRENCY": "1"]) { $1 }) {
                    _ = try await test.ledger.settle(newOrders(10))
                    try await eventually("all are delivered", within: 240) {
                        try await deliveries(test, .delivered).count == 10
                    }
                }
                let times = times.withLockedValue { $0 }
                #expect(times.count == 11)
                #expect(times[1] - times[0] >= .seconds(5), "nothing at all is sent before")
            }
        }
    }

    @Test func aMessageThatFailsForDaysIsDeadAndCanBeSentAgain() async throws {
        try await withSale { test in
            let fails = NIOLockedValueBox(true)
            try await withWebhookReceiver(
                answering: { _ in fails.withLockedValue { $0 } ? .status(500) : .ok }
            ) { receiver in
                try await test.register("w", receiver.url())
                try await test.withWorkers(environment: Self.anywhere) {
                    _ = try await test.ledger.settle(newOrders(1))
                    try await eventually("it has failed", within: 240) {
                        try await deliveries(test, .retrying).count == 1
                    }
                    try await test.sql("UPDATE webhook_deliveries SET retry_until = now(), next_at = now()")
                    try await eventually("it is dead", within: 240) { try await deliveries(test, .dead).count == 1 }
                    fails.withLockedValue { $0 = false }
                    let dead = try #require(try await deliveries(test, .dead).first)
                    let endpoint = try #require(try await test.ledger.webhooks("w").first)
                    #expect(try await test.ledger.retryDelivery(dead.sequence, of: endpoint, by: .test))
                    try await eventually("it is delivered", within: 240) {
                        try await deliveries(test, .delivered).count == 1
                    }
                }
                #expect(Set(receiver.messages.map(\.id)).count == 1)
            }
        }
    }

    // MARK: Addresses and certificates

    @Test(arguments: ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0"])
    func aPrivateAddressIsNotConnectedTo(host: String) async throws {
        try await withSale { test in
            try await withWebhookReceiver { receiver in
                try await test.register("w", "https://\(host):\(receiver.port)/")
                try await test.withWorkers {
                    _ = try await test.ledger.settle(newOrders(1))
                    try await eventually("it has failed", within: 240) {
                        try await deliveries(test, .retrying).count == 1
                    }
                }
                let failed = try #require(try await deliveries(test, .retrying).first)
                #expect(failed.answer?.contains("private network") == true)
                #expect(failed.status == nil)
                #expect(receiver.messages.isEmpty)
            }
        }
    }

    @Test func aCertificateIsVerifiedForItsName() async throws {
        let good = try await TestCertificate.make()
        let old = try await TestCertificate.make(dates: ("20200101000000Z", "20210101000000Z"))
        try await withSale { test in
            try await withWebhookReceiver(good) { receiver in
                try await withWebhookReceiver(old) { expired in
                    try await test.register("good", receiver.url(host: "localhost"))
                    try await test.register("name", receiver.url(host: "127.0.0.1"))
                    try await test.register("old", expired.url(host: "localhost"))
                    let settings = Self.anywhere.merging(["WEBHOOK_CA_FILE": good.certificate]) { $1 }
                    try await test.withWorkers(environment: settings) {
                        _ = try await test.ledger.settle(newOrders(1))
                        try await eventually("one is delivered", within: 240) {
                            try await deliveries(test, .delivered, of: "good").count == 1
                        }
                        for id in ["name", "old"] {
                            try await eventually("\(id) has failed", within: 240) {
                                try await deliveries(test, .retrying, of: id).count == 1
                            }
                        }
                    }
                    #expect(receiver.messages.count == 1)
                    #expect(receiver.messages.first?.headers["host"]?.hasPrefix("localhost") == true)
                    #expect(expired.messages.isEmpty)
                }
            }
            try await withWebhookReceiver(old) { expired in
                try await test.register("later", expired.url(host: "localhost"))
                let settings = Self.anywhere.merging(["WEBHOOK_CA_FILE": old.certificate]) { $1 }
                try await test.withWorkers(environment: settings) {
                    _ = try await test.ledger.settle(newOrders(1))
                    try await eventually("it has failed", within: 240) {
                        try await deliveries(test, .retrying, of: "later").count == 1
                    }
                }
                #expect(expired.messages.isEmpty, "it is trusted, and has expired")
            }
        }
    }
}
