import Foundation
import Ledger
import Runtime
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain

/// The routes of webhooks.
@Suite(.timeLimit(.minutes(10))) struct WebhookAPITests {
    private static let admin = ["Authorization": "Bearer secret"]
    private static let viewer = ["Authorization": "Bearer viewers-hush-hush"]
    private static let path = "/admin/webhooks/shop"

    private func withAPI(
        private allowed: Bool = true, _ body: @escaping @Sendable (TestStores, HTTPClient) async throws -> Void
    ) async throws {
        let tokens = try AdminTokens("bert viewer viewers-hush-hush")
        try await withTestStores(readsChanges: true) { test in
            try await test.withAPI(
                demo: false,
                change: { settings in
                    settings.adminTokens = tokens
                    settings.allowsPrivateWebhooks = allowed
                }
            ) { try await body(test, $0) }
        }
    }

    private func put(
        _ api: HTTPClient, _ body: String, path: String = path
    ) async throws -> HTTPClient.Response {
        try await api.send("PUT", path, body, headers: Self.admin)
    }

    @Test func aWebhookIsCreatedChangedAndDeleted() async throws {
        try await withAPI { test, api in
            let body = #"{"url":"https://Shop.example/hook?key=abc","types":["order.held"],"events":["gala","b"]}"#
            let created = try await put(api, body)
            #expect(created.status == 201)
            #expect(created.text("secret")?.hasPrefix("whsec_") == true)
            #expect(created.text("url") == "https://shop.example/hook?key=abc")
            #expect(created.json["types"] as? [String] == ["order.held"])
            #expect(created.json["events"] as? [String] == ["gala", "b"])
            #expect(created.json["paused"] as? Bool == false)

            let changed = try await put(api, #"{"types":null,"paused":true}"#)
            #expect(changed.status == 200)
            #expect(changed.json["secret"] == nil)
            #expect(changed.json["types"] == nil)
            #expect(changed.json["events"] as? [String] == ["gala", "b"], "unchanged")
            #expect(changed.text("pause_reason") == "operator")
            let list = try await api.send("GET", "/admin/webhooks", headers: Self.viewer)
            #expect((list.json["webhooks"] as? [[String: Any]])?.map { $0["id"] as? String } == ["shop"])
            #expect(try await api.send("GET", Self.path, headers: Self.viewer).body == changed.body)

            #expect(try await api.send("DELETE", Self.path, headers: Self.admin).status == 204)
            for (method, path) in [
                ("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test"), ("GET", "/deliveries"),
                ("POST", "/deliveries/1/retry"),
            ] {
                let missing = try await api.send(method, Self.path + path, headers: Self.admin)
                #expect(missing.status == 404, "\(method) \(path)")
                #expect(missing.text("code") == "webhook-not-found", "\(method) \(path)")
            }
            let lines = try await api.audit()
            #expect(lines.map(\.action) == ["webhook.delete", "webhook.change", "webhook.create"])
            #expect(lines.allSatisfy { $0.subject == "shop" && $0.outcome == "done" })
            #expect(lines[1].before == #"{"paused":false,"types":"order.held"}"#)
            #expect(lines[1].after == #"{"paused":true}"#)
        }
    }

    @Test(arguments: [
        ("url", #"{"url":"http://shop.example"}"#), ("url", #"{"url":""}"#), ("url", #"{"url":7}"#),
        ("url", #"{"url":"https://127.0.0.1/"}"#), ("url", #"{"url":"https://[::ffff:10.1.1.1]/"}"#),
        ("url", #"{"url":"https://a@shop.example/"}"#), ("types", #"{"types":[]}"#), ("types", #"{"types":["order"]}"#),
        ("types", #"{"types":["webhook.test"]}"#), ("types", #"{"types":["order.held","order.held"]}"#),
        ("types", #"{"types":"order.held"}"#), ("types", #"{"types":[1]}"#), ("events", #"{"events":[]}"#),
        ("events", #"{"events":["a b"]}"#), ("paused", #"{"paused":"yes"}"#), ("paused", #"{"paused":null}"#),
        ("secret", #"{"secret":"whsec_x"}"#),
    ])
    func aFieldIsRefused(field: String, body: String) async throws {
        try await withAPI(private: false) { test, api in
            let refused = try await put(api, body)
            #expect(refused.status == 400, "\(refused.body)")
            #expect(refused.text("field") == field)
            #expect(try await test.ledger.webhooks().isEmpty)
        }
    }

    @Test func theSecretIsShownOnceAndNowhereElse() async throws {
        try await withAPI { test, api in
            let created = try await put(api, #"{"url":"http://127.0.0.1:1/?token=in-the-query"}"#)
            let first = try #require(created.text("secret"))
            let rotated = try await api.send("POST", Self.path + "/rotate", headers: Self.admin)
            let second = try #require(rotated.text("secret"))
            #expect(first != second)
            let until = try #require(rotated.text("previous_secret_until").flatMap { RFC3339.timestamp($0) })
            let hours = Double(until.milliseconds - Timestamp.now.milliseconds) / 3_600_000
            #expect((23.9...24.1).contains(hours))
            try await test.withWorkers(environment: ["WEBHOOK_ALLOW_PRIVATE": "true"]) {
                #expect(try await api.send("POST", Self.path + "/test", headers: Self.admin).status == 202)
                try await eventually("the test has failed", within: 240) {
                    let page = try await api.send("GET", Self.path + "/deliveries?state=retrying", headers: Self.admin)
                    return (page.json["deliveries"] as? [Any])?.isEmpty == false
                }
            }
            var texts = [
                try #require(try await test.sql("SELECT string_agg(audit::text, ' ') FROM audit")), test.log.text,
            ]
            for path in ["/admin/webhooks", Self.path, Self.path + "/deliveries", "/admin/audit", "/metrics"] {
                texts.append(try await api.send("GET", path, headers: Self.admin).body)
            }
            for secret in [first, second] {
                let key = String(secret.dropFirst(6))
                #expect(texts.allSatisfy { !$0.contains(key) && !$0.contains("whsec_") })
            }
            #expect(!texts[0].contains("in-the-query"))
        }
    }

    @Test func aTestIsDelivered() async throws {
        try await withAPI { test, api in
            try await withWebhookReceiver { receiver in
                _ = try await put(api, #"{"url":"\#(receiver.url())","types":["order.held"]}"#)
                let other = #"{"url":"\#(receiver.url("/other"))"}"#
                _ = try await put(api, other, path: "/admin/webhooks/other")
                try await test.withWorkers(environment: ["WEBHOOK_ALLOW_PRIVATE": "true"]) {
                    let sent = try await api.send("POST", Self.path + "/test", headers: Self.admin)
                    let id = try #require(sent.integer("delivery"))
                    try await eventually("it is delivered", within: 240) {
                        let page = try await api.send(
                            "GET", Self.path + "/deliveries?state=delivered", headers: Self.viewer)
                        let rows = page.json["deliveries"] as? [[String: Any]] ?? []
                        return rows.map { $0["id"] as? Int } == [id]
                    }
                }
                #expect(receiver.messages.map(\.path) == ["/hook"])
                #expect(receiver.messages.first?.type == "webhook.test")
                #expect(receiver.messages.first?.data["webhook"] as? String == "shop")
            }
            _ = try await put(api, #"{"paused":true}"#)
            #expect(
                try await api.send("POST", Self.path + "/test", headers: Self.admin).text("code") == "webhook-paused")
            _ = try await put(api, #"{"paused":false,"url":null}"#)
            let refused = try await api.send("POST", Self.path + "/test", headers: Self.admin)
            #expect(refused.status == 409)
            #expect(refused.text("code") == "webhook-without-url")
        }
    }

    @Test func deliveriesAreListedInPages() async throws {
        try await withAPI { test, api in
            try await test.catalogue.ensure(.demo, EventTerms(name: "", capacity: 100))
            _ = try await put(api, #"{"url":"http://127.0.0.1:1/"}"#)
            let endpoint = try #require(try await test.ledger.webhooks("shop").first)
            for sequence in 1...5 {
                let state = sequence == 3 ? "'dead', now()" : "'pending', NULL"
                try await test.sql(
                    "INSERT INTO webhook_deliveries (endpoint, seq, xid, state, done_at) "
                        + "VALUES (\(endpoint.number), \(sequence), '9', \(state))")
            }
            func page(_ query: String) async throws -> (ids: [Int], next: Int?) {
                let page = try await api.send("GET", "\(Self.path)/deliveries?\(query)", headers: Self.viewer)
                let rows = page.json["deliveries"] as? [[String: Any]] ?? []
                return (rows.compactMap { $0["id"] as? Int }, page.integer("next_after"))
            }
            #expect(try await page("limit=2") == ([5, 4], 4))
            #expect(try await page("limit=2&after=4") == ([3, 2], 2))
            #expect(try await page("limit=2&after=2") == ([1], nil))
            #expect(try await page("limit=2&after=3") == ([2, 1], nil), "the last page can be full")
            #expect(try await page("state=dead") == ([3], nil))
            for query in ["state=lost", "limit=0", "after=x", "sate=dead"] {
                let refused = try await api.send("GET", "\(Self.path)/deliveries?\(query)", headers: Self.viewer)
                #expect(refused.status == 400, "\(query)")
            }
            let missing = try await api.send("POST", Self.path + "/deliveries/3/retry", headers: Self.admin)
            #expect(missing.text("code") == "delivery-not-found", "its change was removed")
            for id in ["0", "-1", "x", "03"] {
                let refused = try await api.send("POST", "\(Self.path)/deliveries/\(id)/retry", headers: Self.admin)
                #expect(refused.text("field") == "delivery")
            }
        }
    }

    @Test func aViewerChangesNothing() async throws {
        try await withAPI { test, api in
            _ = try await put(api, "{}")
            for (method, path) in [
                ("PUT", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test"), ("POST", "/deliveries/1/retry"),
            ] {
                let refused = try await api.send(method, Self.path + path, headers: Self.viewer)
                #expect(refused.status == 403, "\(method) \(path)")
            }
            #expect(try await api.audit().count == 1)
        }
    }

    @Test func thereAreAHundredAtMost() async throws {
        try await withAPI { test, api in
            for number in 0..<100 { try await test.register("w\(number)", nil) }
            let refused = try await put(api, "{}")
            #expect(refused.status == 409)
            #expect(refused.text("code") == "too-many-webhooks")
            #expect(try await put(api, #"{"paused":true}"#, path: "/admin/webhooks/w5").status == 200)
        }
    }
}
