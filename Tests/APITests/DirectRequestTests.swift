import Domain
import NIOHTTP1
import Testing

@testable import API

/// Which requests a connection answers itself.
@Suite struct DirectRequestTests {
    private static let path = "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4"

    @Test func aPurchaseIsDirect() {
        #expect(DirectRequest(.post("/buy")) == .buy(ClientHeaders(contentType: nil, keys: [])))
        let headers: HTTPHeaders = [
            "host": "x", "CONTENT-TYPE": "application/json", "content-length": "4096", "idempotency-key": "a",
            "Idempotency-Key": "b",
        ]
        #expect(
            DirectRequest(.post("/buy", headers: headers))
                == .buy(ClientHeaders(contentType: "application/json", keys: ["a", "b"])))
    }

    @Test func anOrderIsDirect() throws {
        let id = try #require(OrderID("01a20a22-c03b-7000-8d33-ead0f94fdaf4"))
        #expect(DirectRequest(.get(Self.path)) == .order(id, try WaitPreference(nil, preferences: [])))
        #expect(DirectRequest(.get(Self.path + "?wait=30")) == .order(id, try WaitPreference("30", preferences: [])))
        #expect(
            DirectRequest(.get(Self.path, headers: ["Prefer": "wait=5"]))
                == .order(id, try WaitPreference(nil, preferences: ["wait=5"])))
    }

    @Test func aJoinIsDirect() throws {
        let event = try #require(EventID("gala"))
        let headers: HTTPHeaders = [
            "content-length": "20", "Idempotency-Key": "k", "Authorization": "Bearer t", "X-Forwarded-For": "::1",
            "Admission-Proof": "p",
        ]
        #expect(
            DirectRequest(.post("/events/gala/room", headers: headers))
                == .join(
                    event,
                    ClientHeaders(
                        contentType: nil, keys: ["k"], authorization: ["Bearer t"], forwardedFor: ["::1"],
                        proofs: ["p"])))
    }

    @Test func aPlaceIsDirect() {
        #expect(DirectRequest(.get("/room/gala.AQ_-")) == .place("gala.AQ_-"))
    }

    @Test(arguments: [
        HTTPRequestHead.post("/events/gala/room?x=1"), .post("/events/gala/room/"), .post("/events//room"),
        .post("/events/a/b/room"), .post("/events/ga%6ca/room"), .get("/events/gala/room"),
        .post("/events/gala/room", headers: ["Content-Length": "4097"]),
        .post("/events/gala/room", headers: ["Transfer-Encoding": "chunked"]),
        .get("/room/a.b?wait=1"), .get("/room/a.b/live"), .get("/room/a.b?"), .get("/room/a%2eb"), .post("/room/a.b"),
        .get("/room/a.b", headers: ["Prefer": "wait=5"]), .get("/room/a.b", headers: ["Content-Length": "2"]),
        .get("/room/a.b", headers: ["Upgrade": "h2c"]),
        HTTPRequestHead(version: .http1_1, method: .HEAD, uri: "/room/a.b"),
    ])
    func otherRequestsOfRoomsAreForTheRouter(head: HTTPRequestHead) {
        #expect(DirectRequest(head) == nil)
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
