import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// Purchases that are repeated after their records went early: see EarlyDeletionTests.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct ForgottenKeyTests {
    private func buy(
        _ api: HTTPClient, quantity: Int = 1, customer: String = "c", key: String
    ) async throws -> HTTPClient.Response {
        try await api.send(
            "POST", "/buy", #"{"event":"demo","quantity":\#(quantity),"customer":"\#(customer)"}"#,
            headers: ["Idempotency-Key": key])
    }

    @Test(arguments: [nil, 600]) func theResponseIsThatOfTheFirstPurchase(holdSeconds: Int?) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(
                .demo, EventTerms(name: "Demo", capacity: 100, customerLimit: 3, holdSeconds: holdSeconds))
            try await test.withAPI { api in
                let first = try await buy(api, quantity: 3, key: "k")
                #expect(first.status == 202)
                let id = try #require(first.text("ticket_id"))
                if holdSeconds != nil {
                    #expect(try await api.send("POST", "/orders/\(id)/confirm").status == 200)
                }
                try await test.withWorkers { try await test.waitUntilDrained() }
                while try await test.queue().deleteRecordsEarly(retention: .zero) != nil {}
                #expect(try await test.redis("KEYS", "*order:*").array?.isEmpty == true)
                let again = try await buy(api, quantity: 3, key: "k")
                #expect(again.status == 202)
                #expect(again.body == first.body)
                #expect(again.headers["idempotent-replayed"] == "true")
                #expect(again.headers["location"] == "/orders/\(id)")
                let other = try await buy(api, quantity: 1, key: "k")
                #expect(other.status == 422)
                #expect(other.text("code") == "idempotency-key-reused")
                #expect(try await api.send("GET", "/orders/\(id)").text("status") == "confirmed")
                #expect(try await api.send("POST", "/orders/\(id)/cancel").text("status") == "cancelled")
                let counters = try await test.counters()
                #expect(counters.available == 100)
            }
        }
    }
}
