import Foundation
import Testing

@testable import Domain
@testable import Ledger
@testable import Webhooks

@Suite struct WebhookMessageTests {
    /// The example of the specification of Standard Webhooks.
    @Test func theSignatureIsThatOfTheStandard() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: #"{"test": 2432232314}"#)
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func secretsAreDifferentAndLong() throws {
        let secrets = (0..<100).map { _ in WebhookSecret().text }
        #expect(Set(secrets).count == 100)
        for text in secrets {
            #expect(text.hasPrefix("whsec_"))
            #expect(Data(base64Encoded: String(text.dropFirst(6)))?.count == 32)
            #expect(WebhookSecret(text)?.text == text)
        }
        #expect("\(WebhookSecret())" == "whsec_…")
    }

    @Test(arguments: ["", "whsec_", "whsec_!", "c2VjcmV0", "WHSEC_c2VjcmV0"])
    func otherTextsAreNoSecrets(text: String) { #expect(WebhookSecret(text) == nil) }

    private func change(_ type: ChangeType) -> Change {
        Change(
            position: .beginning, id: "0198", type: type, event: "gala",
            at: Timestamp(milliseconds: 1_795_466_379_441))
    }

    @Test func anOrderHasItsStateAndVersion() throws {
        var change = change(.orderConfirmed)
        change.order = OrderID("01a20a22-c03b-7000-8d33-ead0f94fdaf4")
        change.version = 2
        change.quantity = 3
        change.customer = "an\"na"
        change.claimedAt = Timestamp(milliseconds: 0)
        let message = WebhookMessage(change)
        #expect(message.id == "0198")
        #expect(
            message.body == #"{"type":"order.confirmed","timestamp":"2026-11-23T20:39:39.441Z","data":{"#
                + #""ticket_id":"01a20a22-c03b-7000-8d33-ead0f94fdaf4","version":2,"status":"confirmed","event":"gala","#
                + #""customer":"an\"na","quantity":3,"claimed_at":"1970-01-01T00:00:00.000Z"}}"#)
    }

    @Test(arguments: [
        ("{\"capacity\" : 3, \"sold\" : 3}", #"{"event":"gala","capacity" : 3, "sold" : 3}"#),
        ("{}", #"{"event":"gala"}"#), ("{ }", #"{"event":"gala"}"#),
    ])
    func anEventHasItsDetails(details: String, data: String) {
        var change = change(.eventSoldOut)
        change.details = details
        #expect(WebhookMessage(change).body.hasSuffix(#""data":\#(data)}"#))
    }

    @Test func eachSecretSigns() throws {
        let secrets = [WebhookSecret(), WebhookSecret()]
        let message = WebhookMessage(change(.eventChanged))
        let headers = message.headers(at: Timestamp(milliseconds: 1_795_466_379_999), secrets: secrets)
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers[1].value == "1795466379")
        let expected = secrets.map { $0.signature(id: "0198", timestamp: 1_795_466_379, body: message.body) }
        #expect(headers[2].value == expected.joined(separator: " "))
    }
}
