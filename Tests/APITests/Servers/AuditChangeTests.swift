import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine
@testable import RedisSchema

/// Changes whose place is Redis, and their lines in the audit trail: `started` before the change, the outcome after it.
@Suite(.timeLimit(.minutes(10))) struct AuditChangeTests {
    private let admin = ["Authorization": "Bearer secret"]

    private func state(_ order: String, _ api: HTTPClient) async throws -> String? {
        try await api.send("GET", "/orders/\(order)").text("status")
    }

    private func buy(_ api: HTTPClient, _ event: String = "demo", headers: [String: String] = [:]) async throws
        -> String
    {
        let bought = try await api.send("POST", "/buy", #"{"event":"\#(event)"}"#, headers: headers)
        return try #require(bought.text("ticket_id"), "\(bought.body)")
    }

    /// Dead-letters one order of the event.
    private func makeDeadLetter(_ test: TestStores, of event: EventID = .demo) async throws -> String {
        _ = try await test.acceptance(of: test.purchase(event, customer: "customer-of-a-letter"))
        let batch = try #require(try await test.queue().take(limit: 1))
        #expect(try await test.queue().acknowledge(batch, [.unsettleable(reason: "r")]))
        return try #require(try await test.queue().deadLetters(limit: 1).first?.id)
    }

    /// Also where customers have tokens: the operator's is another one.
    @Test func anOperatorCancelsAnOrder() async throws {
        try await withTestStores { test in
            let secret = "0123456789abcdef0123456789abcdef"
            let tokens = CustomerTokens(keys: try TokenKeys("HS256:\(secret)"), audience: nil)
            try await test.withAPI(demo: false, change: { $0.customerTokens = tokens }) { api in
                _ = try await test.catalogue.put(.demo, EventChange(capacity: 10, customerLimit: 1, holdSeconds: 600))
                let customer = ["Authorization": "Bearer \(TokenSigner.secret(secret).token("ann"))"]
                try await test.withWorkers {
                    let id = try await buy(api, headers: customer)
                    let path = "/admin/orders/\(id)/cancel"
                    #expect(try await api.send("POST", path).status == 401)
                    #expect(try await api.send("POST", path, headers: customer).status == 401)
                    #expect(try await state(id, api) == "held")
                    let cancelled = try await api.send("POST", path, headers: admin)
                    #expect(cancelled.status == 200)
                    #expect(cancelled.text("status") == "cancelled")
                    #expect(cancelled.text("ticket_id") == id)
                    let again = try await api.send("POST", path, headers: admin)
                    #expect(again.body == cancelled.body)
                    #expect(try await api.send("POST", "/orders/\(id)/cancel").body == cancelled.body)
                    _ = try await buy(api, headers: customer)

                    let sold = try await buy(
                        api, headers: ["Authorization": "Bearer \(TokenSigner.secret(secret).token("bob"))"])
                    #expect(try await api.send("POST", "/orders/\(sold)/confirm").status == 200)
                    #expect(try await api.send("POST", "/admin/orders/\(sold)/cancel", headers: admin).status == 200)
                    try await test.waitUntilDrained()

                    let lines = try await api.audit("subject=\(id)")
                    #expect(lines.map(\.action) == ["order.cancel", "order.cancel"])
                    #expect(lines.map(\.outcome) == ["done", "done"])
                    #expect(lines.map(\.actor) == ["admin", "admin"])
                    #expect(lines[1].before == #"{"event":"demo","quantity":1,"status":"held","version":1}"#)
                    #expect(lines[1].after == #"{"event":"demo","quantity":1,"status":"cancelled","version":2}"#)
                    #expect(lines[0].before == lines[1].after)
                    let other = try await api.audit("subject=\(sold)")
                    #expect(other.map(\.before) == [#"{"event":"demo","quantity":1,"status":"confirmed","version":2}"#])
                }
                try await eventually("both stores agree") { try await test.isAtRest() }
            }
        }
    }

    @Test func aCancellationThatIsRefusedFails() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let unknown = "01900000-0000-7000-8000-000000000000"
                for (path, body, status) in [
                    ("/admin/orders/\(unknown)/cancel", "{}", 404), ("/admin/orders/x/cancel", "{}", 400),
                    ("/admin/orders/\(unknown)/cancel", #"{"reason":"x"}"#, 400),
                ] {
                    #expect(try await api.send("POST", path, body, headers: admin).status == status)
                }
                #expect(try await api.audit("actor=admin") == [], "nothing was begun")
                let pending = try await buy(api)
                let refused = try await api.send("POST", "/admin/orders/\(pending)/cancel", headers: admin)
                #expect(refused.status == 409)
                #expect(refused.text("code") == "order-state")
                let line = try #require(try await api.audit("subject=\(pending)").first)
                #expect(line.outcome == "failed")
                #expect(line.reason == "order-state")
                #expect(line.before == #"{"event":"demo","quantity":1,"status":"pending","version":1}"#)
                #expect(line.after == nil)
            }
        }
    }

    @Test func deadLettersAreRequeuedWithLines() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let id = try await makeDeadLetter(test)
                #expect(try await api.send("POST", "/admin/dead-letters/\(id)/requeue", headers: admin).status == 200)
                let unknown = try await api.send("POST", "/admin/dead-letters/\(id)/requeue", headers: admin)
                #expect(unknown.text("code") == "dead-letter-not-found")
                #expect(try await api.send("POST", "/admin/dead-letters/%00%ff/requeue", headers: admin).status == 404)
                let line = try #require(try await api.audit("subject=\(id)").first)
                #expect(line.action == "dead_letter.requeue")
                #expect(line.outcome == "done")
                #expect(line.before?.contains(#""event":"demo","quantity":1,"status":"pending""#) == true)
                #expect(line.after == #"{"status":"queued"}"#)

                let path = "/admin/dead-letters/requeue"
                #expect(try await api.send("POST", path, headers: admin).integer("requeued") == 0)
                #expect(try await api.send("POST", path, #"{"event":"demo"}"#, headers: admin).status == 200)
                let all = try await api.audit("actor=admin&limit=2")
                #expect(all.map(\.action) == ["dead_letters.requeue", "dead_letters.requeue"])
                #expect(all.map(\.subject) == ["demo", "*"])
                #expect(all.map(\.after) == Array(repeating: #"{"requeued":0,"waiting":0}"#, count: 2))
                #expect(try await api.audit("actor=admin").count == 3, "an unknown letter leaves no line")
                let text = try #require(try await test.sql("SELECT string_agg(audit::text, ' ') FROM audit"))
                #expect(!text.contains("customer-of-a-letter"))
            }
        }
    }

    @Test func aRepairHasALine() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await test.redis("HINCRBY", test.keys.event(.demo), "stock", "2")
                #expect(
                    try await api.send("POST", "/admin/reconcile", #"{"event":"demo"}"#, headers: admin).status == 200)
                #expect(try await api.send("POST", "/admin/reconcile", headers: admin).status == 200)
                #expect(
                    try await api.send("POST", "/admin/reconcile", #"{"event":"no"}"#, headers: admin).status == 404)
                let lines = try await api.audit("actor=admin")
                #expect(lines.map(\.action) == Array(repeating: "events.reconcile", count: 3))
                #expect(lines.map(\.subject) == ["no", "*", "demo"])
                #expect(lines.map(\.outcome) == ["failed", "done", "done"])
                #expect(lines.map(\.reason) == ["event-not-found", nil, nil])
                #expect(lines[2].after == #"{"drifted":1,"events":1,"repaired":1}"#)
            }
        }
    }

    /// Each change, with stores in which it would be made.
    private func attempts(_ test: TestStores, _ api: HTTPClient) async throws -> [(path: String, body: String)] {
        _ = try await test.catalogue.put(.demo, EventChange(capacity: 50, holdSeconds: 600))
        let letter = try await makeDeadLetter(test)
        let order = try await buy(api)
        try await test.redis("HINCRBY", test.keys.event(.demo), "stock", "-2")
        return [
            ("/admin/orders/\(order)/cancel", "{}"), ("/admin/dead-letters/\(letter)/requeue", "{}"),
            ("/admin/dead-letters/requeue", "{}"), ("/admin/dead-letters/requeue", #"{"event":"demo"}"#),
            ("/admin/reconcile", "{}"), ("/admin/reconcile", #"{"event":"demo"}"#),
        ]
    }

    /// What the attempts would change.
    private func places(_ test: TestStores) async throws -> [String] {
        let counters = try await test.counters()
        return [
            "\(counters)", "\(try await test.queue().deadLetterCount())",
            "\(try await test.redis("LLEN", test.keys.queue).integer ?? -1)",
        ]
    }

    @Test func withoutItsLineNothingIsChanged() async throws {
        try await withTestStores { test in
            try await test.withAPI(demo: false) { api in
                let attempts = try await attempts(test, api)
                let before = try await places(test)
                try await test.sql("ALTER TABLE audit RENAME TO kept")
                for (path, body) in attempts {
                    let response = try await api.send("POST", path, body, headers: admin)
                    #expect(response.status == 503, "\(path) \(body): \(response.body)")
                    #expect(response.text("code") == "store-unavailable", "\(path) \(body)")
                }
                #expect(try await places(test) == before)
                try await test.sql("ALTER TABLE kept RENAME TO audit")
                for (path, body) in attempts {
                    #expect(try await api.send("POST", path, body, headers: admin).status == 200, "\(path) \(body)")
                }
                #expect(try await places(test) != before)
            }
        }
    }

    @Test func withoutPostgresNothingIsChanged() async throws {
        try await withPostgresServer { postgres in
            try await withTestStores(postgres: postgres) { test in
                try await test.withAPI(demo: false) { api in
                    let attempts = try await attempts(test, api)
                    let before = try await places(test)
                    try await postgres.stop()
                    for (path, body) in attempts {
                        let response = try await api.send("POST", path, body, headers: admin)
                        #expect(response.status == 503, "\(path) \(body): \(response.body)")
                        #expect(response.headers["retry-after"] != nil, "\(path) \(body)")
                    }
                    #expect(try await places(test) == before)
                }
            }
        }
    }

    @Test func withoutRedisALineSaysThatTheChangeFailedOrIsNotKnown() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis, redisTimeout: .seconds(2)) { test in
                try await test.withAPI(demo: false) { api in
                    _ = try await test.catalogue.put(.demo, EventChange(capacity: 50, holdSeconds: 600))
                    let order = try await buy(api)
                    try await test.withWorkers { try await test.waitUntilDrained() }
                    try await redis.kill()
                    let refused = try await api.send("POST", "/admin/orders/\(order)/cancel", headers: admin)
                    #expect(refused.status == 503)
                    let line = try #require(try await api.audit("subject=\(order)").first)
                    #expect(["failed", "started"].contains(line.outcome))
                    #expect(line.reason == refused.text("code"))
                    #expect(line.after == nil)
                }
            }
        }
    }

    /// The change is made and reported; only its outcome is missing in the line.
    @Test func aLineWithoutItsOutcomeStaysStarted() async throws {
        try await withTestStores { test in
            try await test.withAPI(demo: false) { api in
                _ = try await test.catalogue.put(.demo, EventChange(capacity: 50, holdSeconds: 600))
                let order = try await buy(api)
                try await test.sql(
                    """
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'refused by a test' USING ERRCODE = '53100'; END $$;
                    CREATE TRIGGER refuse BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION refuse()
                    """)
                let cancelled = try await api.send("POST", "/admin/orders/\(order)/cancel", headers: admin)
                #expect(cancelled.status == 200)
                #expect(try await state(order, api) == "cancelled")
                let line = try #require(try await api.audit("subject=\(order)").first)
                #expect(line.outcome == "started")
                #expect(line.reason == nil)
                #expect(line.before?.contains(#""status":"held""#) == true)
            }
        }
    }
}
