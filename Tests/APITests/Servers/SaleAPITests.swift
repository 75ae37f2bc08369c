import Domain
import Foundation
import Runtime
import TestSupport
import Testing
import Timing
import WorkerTestSupport

@Suite(.bothWays, .timeLimit(.minutes(10))) struct SaleAPITests {
    private let admin = ["Authorization": "Bearer secret"]

    @Test func aPurchaseIsConfirmedAndReachesTheLedger() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let bought = try await api.send("POST", "/buy")
                #expect(bought.status == 202)
                let id = try #require(bought.text("ticket_id"))
                #expect(bought.headers["location"] == "/orders/\(id)")
                #expect(bought.headers["retry-after"] != nil)
                #expect(bought.text("status_url") == "/orders/\(id)")
                #expect(bought.text("event") == "demo")
                #expect(bought.integer("quantity") == 1)
                #expect(bought.text("status") == "pending")
                let pending = try await api.send("GET", "/orders/\(id)")
                #expect(pending.text("status") == "pending")
                #expect(pending.json["persisted"] as? Bool == false)
                #expect(pending.headers["retry-after"] == "1")
                try await test.withWorkers {
                    try await eventually("the order is confirmed") {
                        try await api.send("GET", "/orders/\(id)").text("status") == "confirmed"
                    }
                }
                let confirmed = try await api.send("GET", "/orders/\(id)")
                #expect(confirmed.json["persisted"] as? Bool == true)
                let row = try await test.sql(
                    "SELECT status || ' ' || to_char(claimed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM orders"
                )
                #expect(row == "confirmed \(try #require(confirmed.text("claimed_at")))")
                // Without Redis's record the response comes from the ledger, and is the same.
                try await test.redis("DEL", test.keys.order(try #require(OrderID(id))))
                let later = try await api.send("GET", "/orders/\(id.uppercased())")
                #expect(later.body == confirmed.body)
            }
        }
    }

    @Test func manyConcurrentClientsBuyExactlyTheCapacity() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await test.withWorkers(2) {
                    let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                        for _ in 0..<10 {
                            group.addTask {
                                var statuses: [Int] = []
                                for _ in 0..<100 { statuses.append(try await api.send("POST", "/buy").status) }
                                return statuses
                            }
                        }
                        return try await group.reduce(into: [Int: Int]()) {
                            for status in $1 { $0[status, default: 0] += 1 }
                        }
                    }
                    #expect(statuses == [202: 100, 410: 900])
                    try await test.waitUntilDrained()
                }
                let event = try await api.sendFresh("/events/demo")
                #expect(event.integer("sold") == 100)
                #expect(event.integer("available") == 0)
                #expect(event.text("status") == "sold_out")
                #expect(try await test.sql("SELECT count(*) FROM orders") == "100")
                #expect(try await api.send("POST", "/reset").status == 200)
                let again = try await api.send("GET", "/events/demo")
                #expect(again.integer("sold") == 0)
                #expect(again.integer("available") == 100)
                #expect(try await test.sql("SELECT count(*) FROM orders") == "0")
            }
        }
    }

    @Test func aResetDeletesAllOrders() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let id = try #require(try await api.send("POST", "/buy", #"{"quantity":3}"#).text("ticket_id"))
                let reset = try await api.send("POST", "/reset", #"{"event":"demo","capacity":5}"#)
                #expect(reset.text("message") == "reset")
                #expect(reset.integer("capacity") == 5)
                #expect(reset.text("event") == "demo")
                #expect(try await api.send("GET", "/orders/\(id)").text("code") == "order-not-found")
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await api.send("GET", "/orders/\(id)").status == 404)
                #expect(try await api.send("GET", "/events/demo").integer("available") == 5)
            }
        }
    }

    @Test func eventsAreCreatedChangedAndListed() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let made = try await api.send(
                    "PUT", "/events/gala", #"{"name":"Gala \"é\"","capacity":3}"#, headers: admin)
                #expect(made.status == 201)
                #expect(made.text("name") == "Gala \"é\"")
                #expect(made.integer("available") == 3)
                #expect(try await api.send("POST", "/buy", #"{"event":"gala","quantity":2}"#).status == 202)
                let left = try await api.send("POST", "/buy", #"{"event":"gala","quantity":2}"#)
                #expect(left.status == 409)
                #expect(left.text("code") == "insufficient-stock")
                #expect(left.integer("available") == 1)
                let low = try await api.send("PUT", "/events/gala", #"{"capacity":1}"#, headers: admin)
                #expect(low.status == 409)
                #expect(low.text("code") == "capacity-in-use")
                let changed = try await api.send(
                    "PUT", "/events/gala", #"{"capacity":2,"paused":true}"#, headers: admin)
                #expect(changed.status == 200)
                #expect(changed.integer("available") == 0)
                #expect(changed.text("status") == "paused")
                let paused = try await api.send("POST", "/buy", #"{"event":"gala"}"#)
                #expect(paused.status == 409)
                #expect(paused.text("code") == "not-on-sale")
                #expect(paused.text("state") == "paused")
                let list = try await api.send("GET", "/events")
                let ids = (list.json["events"] as? [[String: Any]])?.compactMap { $0["id"] as? String }
                #expect(ids == ["demo", "gala", "lab-queue"])
                #expect(try await api.send("GET", "/events?limit=1&after=demo").body.contains("gala"))
                let opening = RFC3339.text(Timestamp(milliseconds: Timestamp.now.milliseconds + 100_000))
                _ = try await api.send(
                    "PUT", "/events/gala", "{\"paused\":false,\"opens_at\":\"\(opening)\"}", headers: admin)
                let early = try await api.send("POST", "/buy", #"{"event":"gala"}"#)
                #expect(early.text("state") == "scheduled")
                #expect((10...101).contains(try #require(early.integer("retry_after_s"))))
            }
        }
    }

    @Test(
        arguments: [
            ("POST", "/buy", #"{"quantity":0}"#, 400, "invalid-request"), ("POST", "/buy", "{", 400, "invalid-request"),
            ("POST", "/buy", #"{"quantity":11}"#, 400, "invalid-request"),
            ("POST", "/buy", #"{"x":1}"#, 400, "invalid-request"),
            ("POST", "/buy", #"{"event":"nowhere"}"#, 404, "event-not-found"),
            ("GET", "/orders/5", nil, 400, "invalid-request"),
            ("GET", "/orders/00000000-0000-7000-8000-000000000000", nil, 404, "order-not-found"),
            ("GET", "/orders/ffffffff-ffff-ffff-ffff-ffffffffffff", nil, 404, "order-not-found"),
            ("GET", "/events/nowhere", nil, 404, "event-not-found"),
            ("GET", "/events/a%20b", nil, 400, "invalid-request"),
            ("GET", "/events?limit=0", nil, 400, "invalid-request"), ("GET", "/nowhere", nil, 404, "route-not-found"),
            ("GET", "/buy", nil, 405, "method-not-allowed"), ("POST", "/events/demo", nil, 405, "method-not-allowed"),
            ("PUT", "/events/new", #"{"capacity":1}"#, 401, "unauthorized"),
            ("POST", "/reset", #"{"capacity":-1}"#, 400, "invalid-request"),
            ("POST", "/reset", #"{"event":"nowhere"}"#, 404, "event-not-found"),
        ] as [(String, String, String?, Int, String)])
    func errorsAreProblemsAndChangeNothing(
        method: String, path: String, body: String?, status: Int, code: String
    ) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let before = try await api.send("GET", "/events/demo").body
                let response = try await api.send(method, path, body)
                #expect(response.status == status)
                #expect(response.text("code") == code)
                #expect(response.headers["content-type"] == "application/problem+json")
                #expect(response.integer("status") == status)
                #expect(response.text("type") == "/problems/\(code)")
                #expect(response.headers["x-request-id"]?.isEmpty == false)
                #expect(try await api.sendFresh("/events/demo").body == before)
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 0)
            }
        }
    }

    @Test func unsupportedMediaTypesAndLargeBodiesAreRefused() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let form = try await api.send(
                    "POST", "/buy", "a=b", headers: ["Content-Type": "application/x-www-form-urlencoded"])
                #expect(form.status == 415)
                #expect(form.text("code") == "unsupported-media-type")
                let long = try await api.send(
                    "POST", "/buy", "{\"customer\":\"" + String(repeating: "x", count: 4096) + "\"}")
                #expect(long.status == 413)
                #expect(long.text("code") == "body-too-large")
                let padded = "{\"quantity\":1" + String(repeating: " ", count: 4096 - 14) + "}"
                #expect(padded.utf8.count == 4096)
                #expect(try await api.send("POST", "/buy", padded).status == 202)
                #expect(
                    try await api.send(
                        "POST", "/buy", "{}", headers: ["Content-Type": "Application/JSON; charset=utf-8"]
                    )
                    .status == 202)
                let head = try await api.send("HEAD", "/events/demo")
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
                #expect(try await api.send("GET", "/openapi.yaml").body.hasPrefix("openapi: 3.1"))
                #expect(try await api.send("GET", "/healthz").status == 200)
            }
        }
    }

    @Test func adminRoutesRequireATokenInTheSettings() async throws {
        try await withTestStores { test in
            try await test.withAPI(demo: false, token: nil) { api in
                let put = try await api.send("PUT", "/events/x", #"{"capacity":1}"#, headers: admin)
                #expect(put.status == 403)
                #expect(put.text("code") == "admin-disabled")
                #expect(try await api.send("POST", "/reset").status == 403)
                #expect(try await api.send("POST", "/buy").text("code") == "event-not-found", "no demo event")
            }
            try await test.withAPI(demo: false, token: "secret") { api in
                #expect(try await api.send("POST", "/reset").status == 401)
                let wrong = try await api.send(
                    "PUT", "/events/x", #"{"capacity":1}"#, headers: ["Authorization": "Bearer Secret"])
                #expect(wrong.status == 401)
                #expect(wrong.headers["www-authenticate"] == "Bearer")
                #expect(try await api.send("PUT", "/events/x", #"{"capacity":1}"#, headers: admin).status == 201)
            }
        }
    }

    @Test func aFullQueueIsRefusedWithRetryAfter() async throws {
        try await withTestStores { test in
            try await test.withAPI(queueLimit: 2) { api in
                for _ in 0..<2 { #expect(try await api.send("POST", "/buy").status == 202) }
                let full = try await api.send("POST", "/buy")
                #expect(full.status == 503)
                #expect(full.text("code") == "queue-full")
                #expect(full.headers["retry-after"] == "1")
                #expect(try await api.sendFresh("/events/demo").integer("available") == 98)
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await api.send("POST", "/buy").status == 202)
            }
        }
    }

    @Test func aLostEventIsRestoredByTheNextPurchase() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                #expect(try await api.send("POST", "/buy", #"{"quantity":4}"#).status == 202)
                try await test.withWorkers { try await test.waitUntilDrained() }
                try await test.redis("DEL", test.keys.event(.demo))
                #expect(try await api.send("POST", "/buy").status == 202)
                #expect(try await api.sendFresh("/events/demo").integer("available") == 95)
                try await test.redis("DEL", test.keys.event(.demo))
                let unsure = try await api.send("POST", "/buy")
                #expect(unsure.status == 503, "an order is queued")
                #expect(unsure.text("code") == "recovering", "an order is queued")
                #expect(unsure.headers["retry-after"] != nil)
            }
        }
    }

    @Test func withoutRedisPurchasesAreRefusedImmediatelyAndOrdersAreFound() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.withAPI { api in
                    let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                    try await test.withWorkers { try await test.waitUntilDrained() }
                    try await redis.kill()
                    try await eventually("sales are refused") {
                        try await api.send("POST", "/buy").text("code") == "store-unavailable"
                    }
                    let start = ContinuousClock.now
                    for _ in 0..<20 { #expect(try await api.send("POST", "/buy").status == 503) }
                    // A timeout for each purchase would be 20 s each.
                    #expect(ContinuousClock.now - start < .seconds(60))
                    #expect(try await api.send("GET", "/orders/\(id)").text("status") == "confirmed")
                    #expect(try await api.send("GET", "/orders/00000000-0000-7000-8000-000000000000").status == 503)
                    #expect(try await api.send("GET", "/readyz").status == 503)
                    #expect(try await api.send("GET", "/healthz").status == 200)
                    try await redis.restart()
                    try await test.waitForRedis()
                    #expect(try await api.send("POST", "/buy").status == 202)
                }
            }
        }
    }

    /// Redis lowers the capacity, but its response is lost, so the ledger keeps the old capacity.
    @Test func aLowerCapacityWhoseResponseWasLostIsReverted() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis, redisTimeout: .seconds(2)) { test in
                try await test.withAPI { api in
                    await redis.signal(SIGSTOP)
                    let lost = try await api.send("PUT", "/events/demo", #"{"capacity":10}"#, headers: admin)
                    await redis.signal(SIGCONT)
                    #expect(lost.status == 503)
                    #expect(try await test.sql("SELECT capacity FROM events") == "100")
                    try await test.waitForRedis()
                    try await eventually("the capacity is reverted") {
                        let event = try await api.send("GET", "/events/demo")
                        return event.integer("available") == 100 && event.integer("capacity") == 100
                    }
                }
            }
        }
    }

    @Test func aChangeDuringAnOutageOfRedisTakesEffectAfterIt() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.withAPI { api in
                    try await redis.kill()
                    let saved = try await api.send("PUT", "/events/demo", #"{"capacity":200}"#, headers: admin)
                    #expect(saved.status == 503)
                    #expect(saved.text("detail")?.contains("is saved") == true)
                    try await redis.restart()
                    try await eventually("the change is in effect") {
                        try await api.send("GET", "/events/demo").integer("available") == 200
                    }
                }
            }
        }
    }

    @Test func aLostResponseReportsTheOrderThatMayExist() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis, redisTimeout: .seconds(2)) { test in
                try await test.withAPI { api in
                    #expect(try await api.send("POST", "/buy").status == 202)
                    await redis.signal(SIGSTOP)
                    let unknown = try await api.send("POST", "/buy")
                    await redis.signal(SIGCONT)
                    #expect(unknown.status == 503)
                    #expect(unknown.text("code") == "store-unavailable")
                    let id = try #require(unknown.text("ticket_id"))
                    try await test.waitForRedis()
                    #expect(
                        try await api.send("GET", "/orders/\(id)").text("status") == "pending", "the order was accepted"
                    )
                }
            }
        }
    }
}
