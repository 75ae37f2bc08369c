import Foundation
import Testing

@testable import TicketBlitzClient

/// The requests as they are sent.
struct RequestTests {
    @Test func aPurchaseIsJSON() throws {
        let request = APIRequest.buy("gala", quantity: 2, customer: "a\"\\\n\u{1}é🎫", key: nil)
        let object = try JSONSerialization.jsonObject(with: Data(try #require(request.body).utf8)) as? [String: Any]
        #expect(object?["customer"] as? String == "a\"\\\n\u{1}é🎫")
        #expect(object?["event"] as? String == "gala")
        #expect(object?["quantity"] as? Int == 2)
        #expect(APIRequest.buy(key: nil).body == #"{"quantity":1}"#)
    }

    @Test func anIdIsOneSegmentOfThePath() {
        #expect(APIRequest.event("a/b?c d").path == "/events/a%2Fb%3Fc%20d")
        #expect(APIRequest.confirm("../x").path == "/orders/..%2Fx/confirm")
        #expect(APIRequest.events(after: "é&", count: 5).path == "/events?limit=5&after=%C3%A9%26")
    }

    @Test func aWaitIsWholeSecondsUpToThirty() {
        #expect(APIRequest.order("x").path == "/orders/x")
        #expect(APIRequest.order("x", waiting: .milliseconds(2900)).path == "/orders/x?wait=2")
        #expect(APIRequest.order("x", waiting: .seconds(90)).path == "/orders/x?wait=30")
        #expect(APIRequest.order("x", waiting: .seconds(-3)).path == "/orders/x")
    }

    @Test func placesAreRequested() {
        let join = APIRequest.joinRoom("a b", customer: "ann", key: nil, proof: "p")
        #expect(join.path == "/events/a%20b/room")
        #expect(join.body == #"{"customer":"ann"}"#)
        #expect(join.proof == "p")
        #expect(APIRequest.joinRoom("a", key: nil).body == nil)
        #expect(APIRequest.roomPlace("a.b/c", waiting: .seconds(90)).path == "/room/a.b%2Fc?wait=30")
        let list = APIRequest.joinWaitlist("a", quantity: 3, customer: "ann", key: nil)
        #expect(list.body == #"{"quantity":3,"customer":"ann"}"#)
        #expect(APIRequest.leaveWaitlist("x").method == .delete)
        #expect(APIRequest.buy(key: nil, pass: "p").pass == "p")
    }

    @Test func aKeyIsPrintableASCII() {
        #expect(IdempotencyKey(rawValue: "") == nil)
        #expect(IdempotencyKey(rawValue: "ü") == nil)
        #expect(IdempotencyKey(rawValue: "a\r\nb: c") == nil)
        #expect(IdempotencyKey(rawValue: String(repeating: "x", count: 256)) == nil)
        #expect(IdempotencyKey(rawValue: String(repeating: "x", count: 255)) != nil)
        #expect(IdempotencyKey() != IdempotencyKey())
    }

    @Test func aURLMayEndWithASlash() { #expect(SaleClient(url: "http://h:1/").url == "http://h:1") }
}
