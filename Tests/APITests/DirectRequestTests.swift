import Domain
import NIOHTTP1
import Testing

@testable import API

/// Which requests a connection answers itself.
@Suite struct DirectRequestTests {
    private static let path = "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4"

    @Test func aPurchaseIsDirect() {
        #expect(DirectRequest(.post("/buy")) == .buy(BuyHeaders(contentType: nil, keys: [])))
        let headers: HTTPHeaders = [
            "host": "x", "CONTENT-TYPE": "application/json", "content-length": "4096", "idempotency-key": "a",
            "Idempotency-Key": "b",
        ]
        #expect(
            DirectRequest(.post("/buy", headers: headers))
                == .buy(BuyHeaders(contentType: "application/json", keys: ["a", "b"])))
    }

    @Test func anOrderIsDirect() throws {
        let id = try #require(OrderID("01a20a22-c03b-7000-8d33-ead0f94fdaf4"))
        #expect(DirectRequest(.get(Self.path)) == .order(id, try WaitPreference(nil, preferences: [])))
        #expect(DirectRequest(.get(Self.path + "?wait=30")) == .order(id, try WaitPreference("30", preferences: [])))
        #expect(
            DirectRequest(.get(Self.path, headers: ["Prefer": "wait=5"]))
                == .order(id, try WaitPreference(nil, preferences: ["wait=5"])))
    }

    @Test(arguments: [
        HTTPRequestHead.get("/buy"), .post("/buy?x=1"), .post("/buy/"), .post("http://x/buy"), .post("/Buy"),
        .post("/buy", headers: ["Transfer-Encoding": "chunked"]),
        .post("/buy", headers: ["Upgrade": "h2c"]), .post("/buy", headers: ["Content-Length": "4097"]),
        .post("/buy", headers: ["Content-Type": "application/json", "content-type": "text/plain"]),
        .post(path), .get("/orders/5"), .get("/orders/"), .get(path + "/confirm"), .get(path + "?wait=31"),
        .get(path + "?wait="), .get(path + "?wait=1&x=2"), .get(path + "?x=1"), .get(path + "?"),
        .get(path, headers: ["Content-Length": "2"]), .get(path, headers: ["Transfer-Encoding": "chunked"]),
        HTTPRequestHead(version: .http1_1, method: .HEAD, uri: path),
        HTTPRequestHead(version: .http1_0, method: .POST, uri: "/buy"),
    ])
    func otherFormsAreForTheRouter(head: HTTPRequestHead) {
        #expect(DirectRequest(head) == nil)
    }
}
