import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Runtime
@testable import Timing

@Suite(.bothWays, .timeLimit(.minutes(10))) struct ReservationAPITests {
    private let admin = ["Authorization": "Bearer secret"]

    @Test func aReservationCanBeConfirmedAndCancelled() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let event = try await api.send(
                    "PUT", "/events/gala", #"{"capacity":5,"hold_seconds":600,"per_customer_limit":4}"#, headers: admin)
                #expect(event.status == 201)
                #expect(event.integer("hold_seconds") == 600)
                #expect(event.integer("per_customer_limit") == 4)
                let bought = try await api.send("POST", "/buy", #"{"event":"gala","quantity":3,"customer":"ann"}"#)
                #expect(bought.status == 202)
                #expect(bought.text("status") == "held")
                let id = try #require(bought.text("ticket_id"))
                let end = try #require(bought.text("expires_at"))
                let held = try await api.send("GET", "/orders/\(id)")
                #expect(held.text("status") == "held")
                #expect(held.text("expires_at") == end)
                #expect(try await api.sendFresh("/events/gala").integer("held") == 3)

                let confirmed = try await api.sendUntilRecovered("POST", "/orders/\(id)/confirm")
                #expect(confirmed.status == 200)
                #expect(confirmed.text("status") == "confirmed")
                #expect(confirmed.text("expires_at") == end)
                #expect(confirmed.text("confirmed_at") != nil)
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(
                    try await api.send("POST", "/orders/\(id)/confirm").body == confirmed.body,
                    "also after it is persisted"
                )
                #expect(try await api.send("GET", "/orders/\(id)").json["persisted"] as? Bool == true)

                let cancelled = try await api.send("POST", "/orders/\(id)/cancel", "{}")
                #expect(cancelled.status == 200)
                #expect(cancelled.text("status") == "cancelled")
                #expect(try await api.send("POST", "/orders/\(id)/cancel").body == cancelled.body)
                let conflict = try await api.send("POST", "/orders/\(id)/confirm")
                #expect(conflict.status == 409)
                #expect(conflict.text("code") == "order-state")
                #expect(conflict.text("state") == "cancelled")
                #expect(try await api.sendFresh("/events/gala").integer("available") == 5)
                try await test.withWorkers { try await test.waitUntilDrained() }
                // From the ledger, after Redis's record is deleted.
                let settled = try await api.send("GET", "/orders/\(id)")
                while try await test.queue().deleteOldestRecords(retention: .zero) {}
                #expect(try await test.inventory.order(try #require(OrderID(id))) == nil)
                #expect(try await api.send("GET", "/orders/\(id)").body == settled.body)
                #expect(try await api.send("POST", "/orders/\(id)/cancel").body == cancelled.body)
                #expect(try await api.send("POST", "/orders/\(id)/confirm").text("state") == "cancelled")
            }
        }
    }

    @Test func anExpiredHoldIsRefusedBeforeAndAfterTheExpiry() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/gala", #"{"capacity":2,"hold_seconds":1}"#, headers: admin)
                let bought = try await api.send("POST", "/buy", #"{"event":"gala","quantity":2}"#)
                let id = try #require(bought.text("ticket_id"))
                let end = try #require(bought.text("expires_at"))
                let held = try await api.send("POST", "/buy", #"{"event":"gala"}"#)
                #expect(held.status == 409)
                #expect(held.text("code") == "all-held")
                #expect(held.headers["retry-after"] == "1")
                #expect(held.integer("retry_after_s") == 1)
                try await eventually("the hold has ended") {
                    try await test.redis("TIME").time().milliseconds >= RFC3339.timestamp(end)?.milliseconds ?? .max
                }
                let over = try await api.send("POST", "/orders/\(id)/confirm")
                #expect(over.text("code") == "hold-expired")
                #expect(try await api.send("GET", "/orders/\(id)").text("status") != "confirmed")
                try await test.withWorkers {
                    try await eventually("the order is expired") {
                        try await api.send("GET", "/orders/\(id)").text("status") == "expired"
                    }
                }
                #expect(try await api.send("POST", "/orders/\(id)/confirm").text("code") == "hold-expired")
                let cancel = try await api.send("POST", "/orders/\(id)/cancel")
                #expect(cancel.status == 409)
                #expect(cancel.text("state") == "expired")
                #expect(try await api.send("POST", "/buy", #"{"event":"gala"}"#).status == 202)
            }
        }
    }

    @Test func allHeldReportsTheNextExpiryAndSoldOutIsFinal() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/gala", #"{"capacity":3,"hold_seconds":300}"#, headers: admin)
                let first = try await api.send("POST", "/buy", #"{"event":"gala","quantity":1}"#)
                _ = try await api.send("PUT", "/events/gala", #"{"hold_seconds":900}"#, headers: admin)
                let second = try await api.send("POST", "/buy", #"{"event":"gala","quantity":2}"#)
                let held = try await api.send("POST", "/buy", #"{"event":"gala"}"#)
                #expect(held.status == 409)
                #expect(held.text("code") == "all-held")
                #expect((200...300).contains(try #require(held.integer("retry_after_s"))), "the end of the first hold")
                _ = try await api.send("POST", "/orders/\(try #require(first.text("ticket_id")))/confirm")
                let later = try await api.send("POST", "/buy", #"{"event":"gala"}"#)
                #expect((600...900).contains(try #require(later.integer("retry_after_s"))))
                _ = try await api.send("POST", "/orders/\(try #require(second.text("ticket_id")))/confirm")
                let sold = try await api.send("POST", "/buy", #"{"event":"gala"}"#)
                #expect(sold.status == 410)
                #expect(sold.text("code") == "sold-out")
                #expect(sold.headers["retry-after"] == nil)
            }
        }
    }

    @Test func customersHaveALimitAndAreRequired() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/gala", #"{"capacity":9,"per_customer_limit":2}"#, headers: admin)
                let anonymous = try await api.send("POST", "/buy", #"{"event":"gala"}"#)
                #expect(anonymous.status == 400)
                #expect(anonymous.text("field") == "customer")
                #expect(try await api.send("POST", "/buy", #"{"event":"gala","customer":"a"}"#).status == 202)
                let more = try await api.send("POST", "/buy", #"{"event":"gala","customer":"a","quantity":2}"#)
                #expect(more.status == 409)
                #expect(more.text("code") == "customer-limit")
                #expect(more.integer("limit") == 2)
                #expect(more.integer("available") == 1)
                let free = try await api.send("PUT", "/events/gala", #"{"per_customer_limit":null}"#, headers: admin)
                #expect(free.status == 200)
                #expect(free.json["per_customer_limit"] == nil)
                #expect(try await api.send("POST", "/buy", #"{"event":"gala"}"#).status == 202)
            }
        }
    }

    @Test func aRetryWithItsKeyHasTheSameResponse() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let key = ["Idempotency-Key": "order 66 |~!"]
                let body = #"{"quantity":2,"customer":"ann"}"#
                let first = try await api.send("POST", "/buy", body, headers: key)
                #expect(first.status == 202)
                #expect(first.headers["idempotent-replayed"] == nil)
                // The same purchase with another formatting, after the event has sold out.
                #expect(try await api.send("POST", "/buy", #"{"quantity":9}"#).status == 202)
                _ = try await api.send("PUT", "/events/demo", #"{"capacity":11}"#, headers: admin)
                let again = try await api.send(
                    "POST", "/buy", #"{ "customer":"ann", "quantity":2, "event":"demo" }"#, headers: key)
                #expect(again.status == 202)
                #expect(again.body == first.body)
                #expect(again.headers["location"] == first.headers["location"])
                #expect(again.headers["idempotent-replayed"] == "true")
                let other = try await api.send("POST", "/buy", #"{"quantity":1,"customer":"ann"}"#, headers: key)
                #expect(other.status == 422)
                #expect(other.text("code") == "idempotency-key-reused")
                #expect(
                    try await api.send("POST", "/buy", #"{"quantity":2,"customer":"bob"}"#, headers: key).status == 410)
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 2)
            }
        }
    }

    @Test(arguments: [String(repeating: "k", count: 256), "tab\there", "é"])
    func malformedKeysAreRefused(key: String) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let response = try await api.send("POST", "/buy", nil, headers: ["Idempotency-Key": key])
                #expect(response.status == 400)
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 0)
            }
        }
    }

    @Test func aHeldReplayKeepsItsFirstDeadlineAndState() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/demo", #"{"hold_seconds":600}"#, headers: admin)
                let key = ["Idempotency-Key": "k"]
                let first = try await api.send("POST", "/buy", nil, headers: key)
                _ = try await api.send("PUT", "/events/demo", #"{"hold_seconds":0}"#, headers: admin)
                _ = try await api.send("POST", "/orders/\(try #require(first.text("ticket_id")))/confirm")
                #expect(try await api.send("POST", "/buy", nil, headers: key).body == first.body)
            }
        }
    }

    @Test(
        arguments: [
            ("POST", "/orders/x/confirm", nil, 400, "invalid-request"),
            ("POST", "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4/confirm", nil, 404, "order-not-found"),
            ("POST", "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4/cancel", nil, 404, "order-not-found"),
            // The id belongs to a partition that does not exist.
            ("POST", "/orders/01a20a22-c03b-7fff-8d33-ead0f94fdaf4/cancel", nil, 404, "order-not-found"),
            ("POST", "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4/cancel", #"{"x":1}"#, 400, "invalid-request"),
            ("GET", "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4/cancel", nil, 405, "method-not-allowed"),
            ("GET", "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4?wait=31", nil, 400, "invalid-request"),
            ("GET", "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4?wait=-1", nil, 400, "invalid-request"),
            ("GET", "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4?wait=", nil, 400, "invalid-request"),
            ("GET", "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4?wait=30", nil, 404, "order-not-found"),
        ] as [(String, String, String?, Int, String)])
    func anInvalidRequestIsRefused(method: String, path: String, body: String?, status: Int, code: String) async throws
    {
        try await withTestStores { test in
            try await test.withAPI { api in
                let response = try await api.send(method, path, body)
                #expect(response.status == status)
                #expect(response.text("code") == code)
            }
        }
    }

    @Test(arguments: [
        ("per_customer_limit", "0"), ("per_customer_limit", "1000001"), ("per_customer_limit", "\"4\""),
        ("hold_seconds", "-1"), ("hold_seconds", "604801"), ("hold_seconds", "1.5"), ("hold_seconds", "true"),
    ])
    func termsOutOfRangeAreRefusedWithTheField(field: String, value: String) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let response = try await api.send(
                    "PUT", "/events/e", "{\"capacity\":1,\"\(field)\":\(value)}", headers: admin)
                #expect(response.status == 400)
                #expect(response.text("field") == field)
                #expect(try await api.send("GET", "/events/e").status == 404)
            }
        }
    }

    /// Purchases and transitions find the event missing in Redis: it is backfilled, and they succeed.
    @Test func anEventThatRedisLostIsBackfilled() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send(
                    "PUT", "/events/demo", #"{"hold_seconds":600,"per_customer_limit":3}"#, headers: admin)
                let body = #"{"quantity":3,"customer":"ann"}"#
                let id = try #require(try await api.send("POST", "/buy", body).text("ticket_id"))
                try await test.withWorkers { try await test.waitUntilDrained() }
                try await test.redis("FLUSHDB")
                let confirmed = try await api.sendUntilRecovered("POST", "/orders/\(id)/confirm")
                #expect(confirmed.status == 200)
                #expect(confirmed.text("status") == "confirmed")
                #expect(try await api.send("POST", "/buy", body).text("code") == "customer-limit")
                try await test.withWorkers { try await test.waitUntilDrained() }
                try await test.redis("FLUSHDB")
                #expect(try await api.sendUntilRecovered("POST", "/buy", body).text("code") == "customer-limit")
                #expect(try await test.isAtRest())
            }
        }
    }
}
