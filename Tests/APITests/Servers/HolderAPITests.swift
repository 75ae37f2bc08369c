import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine
@testable import RedisSchema

/// The terms on holders over HTTP: customers, and the addresses of clients.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct HolderAPITests {
    private static let token = ["Authorization": "Bearer secret"]

    private func withSale(
        _ terms: String, trusting proxies: String = "",
        _ body: @escaping @Sendable (TestStores, HTTPClient) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.withAPI(trusting: proxies) { api in
                let put = try await api.send(
                    "PUT", "/events/e", #"{"capacity":100,"hold_seconds":600,\#(terms)}"#, headers: Self.token)
                #expect(put.status == 201)
                try await body(test, api)
            }
        }
    }

    private func buy(
        _ client: HTTPClient, customer: String? = nil, forwarded: String? = nil
    ) async throws -> HTTPClient.Response {
        let customer = customer.map { #","customer":"\#($0)""# } ?? ""
        return try await client.send(
            "POST", "/buy", #"{"event":"e"\#(customer)}"#,
            headers: forwarded.map { ["X-Forwarded-For": $0] } ?? [:])
    }

    @Test func aClientAddressHasItsHolds() async throws {
        try await withSale(#""max_holds":2"#) { _, api in
            let other = HTTPClient(port: api.port, from: "127.0.0.2")
            let first = try await buy(api)
            #expect(first.status == 202)
            #expect(try await buy(api).status == 202)
            let refused = try await buy(api)
            #expect(refused.status == 409)
            #expect(refused.text("code") == "hold-limit")
            #expect(refused.integer("limit") == 2)
            #expect(try await buy(other).status == 202)
            // What the client says about itself does not count.
            #expect(try await buy(api, forwarded: "192.0.2.1").status == 409)
            // A customer is a holder of its own.
            #expect(try await buy(api, customer: "ann").status == 202)
            let id = try #require(first.text("ticket_id"))
            #expect(try await api.send("POST", "/orders/\(id)/cancel").status == 200)
            #expect(try await buy(api).status == 202)
        }
    }

    @Test func proxiesNameTheClient() async throws {
        try await withSale(#""max_holds":1"#, trusting: "127.0.0.0/8") { _, api in
            let first = try await buy(api, forwarded: "192.0.2.1")
            #expect(first.status == 202)
            #expect(try await buy(api, forwarded: "192.0.2.1").status == 409)
            #expect(try await buy(api, forwarded: "192.0.2.2").status == 202)
            // A /64 of IPv6 is one client.
            #expect(try await buy(api, forwarded: "2001:db8::1").status == 202)
            #expect(try await buy(api, forwarded: "2001:db8::2").status == 409)
            #expect(try await buy(api, forwarded: "2001:db8:0:1::1").status == 202)
        }
    }

    @Test func aPausedHolderIsToldWhenItCanHoldAgain() async throws {
        try await withSale(#""hold_pause_seconds":50"#) { test, api in
            let event = try #require(EventID("e"))
            let held = try await buy(api)
            let id = try #require(held.text("ticket_id").flatMap { OrderID($0) })
            let order = try #require(try await test.inventory.order(id))
            let end = try #require(order.expiresAt).milliseconds
            let record = try #require(try await test.redis("GET", test.keys.order(id)).string)
            try await test.redis("SET", test.keys.order(id), record.replacing("|\(end)|", with: "|1|"))
            try await test.redis("ZADD", test.keys.holds(event), "1", id.description)
            try await test.redis("ZADD", test.keys.eventsWithHolds, "1", "e")
            #expect(try await HoldExpirer(test.partition).expireDue().expired == 1)
            let refused = try await buy(api)
            #expect(refused.status == 429)
            #expect(refused.text("code") == "hold-paused")
            let wait = try #require(refused.headers["retry-after"].flatMap { Int($0) })
            #expect((5...50).contains(wait))
            #expect(refused.integer("retry_after_s") == wait)
        }
    }

    @Test func theOrdersOfAnAddressAreLimited() async throws {
        try await withSale(#""max_orders":2"#) {
            _, api in
            for _ in 0..<2 {
                let id = try #require(try await buy(api).text("ticket_id"))
                #expect(try await api.send("POST", "/orders/\(id)/cancel").status == 200)
            }
            let refused = try await buy(api)
            #expect(refused.status == 409)
            #expect(refused.text("code") == "order-limit")
            #expect(refused.integer("limit") == 2)
        }
    }

    @Test func theTermsAreSetReadAndRemoved() async throws {
        try await withSale(#""max_orders":5,"max_holds":3,"hold_pause_seconds":60"#) { _, api in
            let event = try await api.send("GET", "/events/e")
            #expect(event.integer("max_orders") == 5)
            #expect(event.integer("max_holds") == 3)
            #expect(event.integer("hold_pause_seconds") == 60)
            let body = #"{"max_orders":null,"max_holds":null,"hold_pause_seconds":null}"#
            #expect(try await api.send("PUT", "/events/e", body, headers: Self.token).status == 200)
            let after = try await api.send("GET", "/events/e")
            #expect(after.integer("max_orders") == nil)
            #expect(after.integer("max_holds") == nil)
            #expect(after.integer("hold_pause_seconds") == nil)
        }
    }

    @Test(arguments: [
        ("max_orders", "0"), ("max_orders", "1000001"), ("max_holds", "0"), ("max_holds", "\"1\""),
        ("hold_pause_seconds", "0"), ("hold_pause_seconds", "3601"), ("hold_pause_seconds", "1.5"),
    ])
    func valuesOutOfRangeAreRefused(field: String, value: String) async throws {
        try await withSale(#""paused":false"#) { _, api in
            let refused = try await api.send(
                "PUT", "/events/e", "{\"\(field)\":\(value)}", headers: Self.token)
            #expect(refused.status == 400)
            #expect(refused.text("field") == field)
        }
    }
}
