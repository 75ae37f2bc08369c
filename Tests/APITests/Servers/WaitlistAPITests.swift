import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine

/// Waiting lists over HTTP.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct WaitlistAPITests {
    private static let token = ["Authorization": "Bearer secret"]
    private static let secret = "0123456789abcdef0123456789abcdef"

    /// An event `e` with one unit, which is held by the order that `body` gets.
    private func withSale(
        _ terms: String = "", tokens: CustomerTokens? = nil, redis: RedisServer? = nil,
        _ body: @escaping @Sendable (TestStores, HTTPClient, _ held: String) async throws -> Void
    ) async throws {
        try await withTestStores(redis: redis) { test in
            try await test.withAPI(change: { $0.customerTokens = tokens }) { api in
                let put = try await api.send(
                    "PUT", "/events/e", #"{"capacity":1,"hold_seconds":600,"waitlist":true\#(terms)}"#,
                    headers: Self.token)
                #expect(put.status == 201)
                let held = try await api.send("POST", "/buy", #"{"event":"e"}"#)
                try await body(test, api, try #require(held.text("ticket_id")))
            }
        }
    }

    private func join(
        _ api: HTTPClient, _ body: String, key: String? = nil, token: String? = nil
    ) async throws -> HTTPClient.Response {
        var headers: [String: String] = [:]
        if let key { headers["Idempotency-Key"] = key }
        if let token { headers["Authorization"] = "Bearer \(token)" }
        return try await api.send("POST", "/events/e/waitlist", body, headers: headers)
    }

    @Test func aPlaceIsTakenOfferedAndConfirmed() async throws {
        try await withSale { test, api, held in
            let joined = try await join(api, #"{"customer":"ann"}"#)
            #expect(joined.status == 201)
            let id = try #require(joined.text("ticket_id"))
            #expect(joined.headers["location"] == "/orders/\(id)")
            #expect(joined.text("status") == "waiting")
            #expect(joined.text("status_url") == "/waitlist/\(id)")
            #expect(joined.integer("position") == 1)
            let place = try await api.send("GET", "/waitlist/\(id)")
            #expect(place.status == 200)
            #expect(place.integer("position") == 1)
            #expect(try await api.send("GET", "/events/e").integer("waiting") == 1)
            let early = try await api.send("POST", "/orders/\(id)/confirm")
            #expect(early.status == 409)
            #expect(early.text("state") == "waiting")
            #expect(try await api.send("POST", "/orders/\(held)/cancel").status == 200)
            // Before the offer is made, nobody else gets the unit.
            #expect(try await api.send("POST", "/buy", #"{"event":"e"}"#).text("code") == "sold-out")
            #expect(try await OfferMaker(test.partition).makeDue().offered == 1)
            let offer = try await api.send("GET", "/waitlist/\(id)")
            #expect(offer.text("status") == "held")
            #expect(offer.text("expires_at") != nil)
            #expect(offer.integer("position") == nil)
            #expect(try await api.send("POST", "/orders/\(id)/confirm").text("status") == "confirmed")
            let late = try await api.send("DELETE", "/waitlist/\(id)")
            #expect(late.status == 409)
            #expect(late.text("code") == "order-state")
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest(try #require(EventID("e"))))
        }
    }

    @Test func aPlaceIsGivenBack() async throws {
        try await withSale { _, api, _ in
            let id = try #require(try await join(api, #"{"customer":"ann"}"#).text("ticket_id"))
            let left = try await api.send("DELETE", "/waitlist/\(id)")
            #expect(left.status == 200)
            #expect(left.text("status") == "cancelled")
            #expect(try await api.send("DELETE", "/waitlist/\(id)").body == left.body, "the route is idempotent")
            #expect(try await join(api, #"{"customer":"ann"}"#).status == 201)
        }
    }

    @Test func anOfferIsGivenBack() async throws {
        try await withSale { test, api, held in
            let id = try #require(try await join(api, #"{"customer":"ann"}"#).text("ticket_id"))
            #expect(try await api.send("POST", "/orders/\(held)/cancel").status == 200)
            #expect(try await OfferMaker(test.partition).makeDue().offered == 1)
            let left = try await api.send("DELETE", "/waitlist/\(id)")
            #expect(left.status == 200)
            #expect(left.text("status") == "cancelled")
            #expect(try await test.counters(try #require(EventID("e"))) == Counters(available: 1))
        }
    }

    @Test func refusals() async throws {
        try await withSale(#","max_quantity":2"#) { _, api, held in
            #expect(try await join(api, "{}").text("field") == "customer")
            #expect(try await join(api, #"{"customer":"ann","quantity":3}"#).text("field") == "quantity")
            #expect(try await join(api, #"{"customer":"ann","place":1}"#).status == 400)
            let joined = try await join(api, #"{"customer":"ann","quantity":2}"#)
            let again = try await join(api, #"{"customer":"ann"}"#)
            #expect(again.status == 409)
            #expect(again.text("code") == "on-waitlist")
            #expect(again.text("ticket_id") == joined.text("ticket_id"))
            #expect(try await api.send("POST", "/orders/\(held)/cancel").status == 200)
            let available = try await join(api, #"{"customer":"bob"}"#)
            #expect(available.status == 409)
            #expect(available.text("code") == "available")
            #expect(available.integer("available") == 1)
            let none = try await api.send("POST", "/events/demo/waitlist", #"{"customer":"ann"}"#)
            #expect(none.status == 404)
            #expect(none.text("code") == "no-waitlist")
            let unknown = try await api.send("POST", "/events/none/waitlist", #"{"customer":"ann"}"#)
            #expect(unknown.text("code") == "event-not-found")
            let archived = try await api.send("PUT", "/events/e", #"{"archived":true}"#, headers: Self.token)
            #expect(archived.text("code") == "event-in-use")
            let id = OrderID(at: .now, partition: 0)
            for method in ["GET", "DELETE"] {
                #expect(try await api.send(method, "/waitlist/\(id)").text("code") == "order-not-found")
                #expect(try await api.send(method, "/waitlist/x").text("field") == "id")
            }
        }
    }

    @Test func aRequestCanBeRepeated() async throws {
        try await withSale { _, api, held in
            let first = try await join(api, #"{"customer":"ann"}"#, key: "k")
            let again = try await join(api, #"{"customer":"ann"}"#, key: "k")
            #expect(again.status == 201)
            #expect(again.body == first.body)
            #expect(first.headers["idempotent-replayed"] == nil)
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(try await join(api, #"{"customer":"ann","quantity":2}"#, key: "k").status == 422)
            // The same key of a purchase is another key.
            let bought = try await api.send(
                "POST", "/buy", #"{"event":"e","customer":"ann"}"#, headers: ["Idempotency-Key": "k"])
            #expect(bought.text("code") == "all-held")
        }
    }

    /// A response that said that nothing was changed would be wrong.
    @Test func aPlaceWhosePositionCannotBeReadIsTaken() async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test, api, _ in
                try await test.redis("ACL", "SETUSER", "default", "-zcount")
                let joined = try await join(api, #"{"customer":"ann"}"#)
                #expect(joined.status == 201)
                #expect(joined.text("status") == "waiting")
                #expect(joined.integer("position") == nil)
                try await test.redis("ACL", "SETUSER", "default", "+zcount")
                let place = try await api.send("GET", "/waitlist/\(try #require(joined.text("ticket_id")))")
                #expect(place.integer("position") == 1)
            }
        }
    }

    /// Redis has lost its data, and is backfilled when the place is requested.
    @Test func aLostEventIsRestoredForAPlace() async throws {
        try await withSale { test, api, _ in
            let event = try #require(EventID("e"))
            try await test.withWorkers { try await test.waitUntilDrained() }
            try await test.redis("DEL", test.keys.event(event))
            #expect(try await join(api, #"{"customer":"ann"}"#).status == 201)
        }
    }

    @Test func theCustomerIsTheTokens() async throws {
        let tokens = CustomerTokens(keys: try TokenKeys("HS256:\(Self.secret)"), audience: nil)
        try await withSale(tokens: tokens) { test, api, _ in
            #expect(try await join(api, "{}").text("field") == "customer")
            let joined = try await join(api, "", token: TokenSigner.secret(Self.secret).token("ann"))
            #expect(joined.status == 201)
            let id = try #require(joined.text("ticket_id").flatMap { OrderID($0) })
            #expect(try await test.inventory.order(id)?.customer == "ann")
        }
    }

    @Test func theTermsAreSetReadAndRemoved() async throws {
        try await withSale(#","offer_seconds":77"#) { _, api, _ in
            let event = try await api.send("GET", "/events/e")
            #expect(event.body.contains(#""waitlist":true,"offer_seconds":77,"waiting":0"#))
            for value in ["9", "604801", "true"] {
                let put = try await api.send(
                    "PUT", "/events/e", #"{"offer_seconds":\#(value)}"#, headers: Self.token)
                #expect(put.text("field") == "offer_seconds")
            }
            let body = #"{"waitlist":false,"offer_seconds":null}"#
            let changed = try await api.send("PUT", "/events/e", body, headers: Self.token)
            #expect(!changed.body.contains("waitlist"))
            #expect(changed.integer("offer_seconds") == nil)
            #expect(changed.integer("waiting") == nil)
            #expect(try await join(api, #"{"customer":"ann"}"#).text("code") == "no-waitlist")
        }
    }

    @Test func aStreamOfThePlaceShowsTheOffer() async throws {
        try await withSale { test, api, held in
            let id = try #require(try await join(api, #"{"customer":"ann"}"#).text("ticket_id"))
            #expect(try await api.send("POST", "/orders/\(held)/cancel").status == 200)
            try await api.watch("/orders/\(id)/live") { stream in
                let first = try await stream.next { $0.text("ticket_id") == id }
                #expect(first.text("status") == "waiting")
                #expect(try await OfferMaker(test.partition).makeDue().offered == 1)
                let offer = try await stream.next { $0.text("status") == "held" }
                #expect(offer.text("expires_at") != nil)
            }
        }
    }
}
