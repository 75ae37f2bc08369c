import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine
@testable import Ledger

/// Orders for operators: lists of the ledger's orders, and single ones.
@Suite(.timeLimit(.minutes(10))) struct AdminOrdersTests {
    private static let admin = ["Authorization": "Bearer secret"]

    private func get(_ path: String, _ api: HTTPClient) async throws -> HTTPClient.Response {
        try await api.send("GET", path, headers: Self.admin)
    }

    private static func orders(_ response: HTTPClient.Response) -> [[String: Any]] {
        response.json["orders"] as? [[String: Any]] ?? []
    }

    private static func ids(_ response: HTTPClient.Response) -> [String] {
        orders(response).compactMap { $0["ticket_id"] as? String }
    }

    /// Follows the pages to the last one.
    private func allPages(_ query: String, _ api: HTTPClient) async throws -> [String] {
        var (ids, after) = ([String](), String?.none)
        while true {
            let page = try await get("/admin/orders?\(query)" + (after.map { "&after=\($0)" } ?? ""), api)
            guard page.status == 200 else { throw GaveUp(description: "\(page)") }
            ids += Self.ids(page)
            guard let next = page.text("next_after") else { return ids }
            after = next
        }
    }

    @Test func filtersSelectOrders() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for event in ["a", "b"] {
                    _ = try await api.send("PUT", "/events/\(event)", #"{"capacity":50}"#, headers: Self.admin)
                }
                var sold: [String: [String]] = [:]
                for (event, customer) in [("a", "anna"), ("b", "anna"), ("a", "bob+x y"), ("a", ""), ("b", "anna")] {
                    let named = customer.isEmpty ? "" : #","customer":"\#(customer)""#
                    let response = try await api.send("POST", "/buy", #"{"event":"\#(event)"\#(named),"quantity":2}"#)
                    let id = try #require(response.text("ticket_id"))
                    sold["event=\(event)", default: []].insert(id, at: 0)
                    if !customer.isEmpty { sold[customer, default: []].insert(id, at: 0) }
                    sold["", default: []].insert(id, at: 0)
                }
                #expect(Self.ids(try await get("/admin/orders", api)).isEmpty, "the ledger has none yet")
                try await test.withWorkers { try await test.waitUntilDrained() }
                let cancelled = try #require(sold["event=b"]?.last)
                _ = try await api.send("POST", "/orders/\(cancelled)/cancel")
                try await test.withWorkers { try await test.waitUntilDrained() }

                for (query, expected) in [
                    ("", sold[""]), ("event=a", sold["event=a"]), ("event=b", sold["event=b"]),
                    ("customer=anna", sold["anna"]), ("customer=bob%2Bx+y", sold["bob+x y"]),
                    ("customer=bob%2bx%20y", sold["bob+x y"]), ("customer=ann", []), ("status=cancelled", [cancelled]),
                    ("status=confirmed&customer=anna&event=b", sold["event=b"]?.dropLast()),
                    ("status=pending", []), ("event=a&status=cancelled", []),
                ] {
                    let response = try await get("/admin/orders?\(query)", api)
                    #expect(Self.ids(response) == expected, "\(query)")
                    #expect(response.json["next_after"] == nil, "\(query)")
                }
                let row = try #require(Self.orders(try await get("/admin/orders?status=cancelled", api)).first)
                #expect(row["event"] as? String == "b")
                #expect(row["customer"] as? String == "anna")
                #expect(row["quantity"] as? Int == 2)
                #expect(row["version"] as? Int == 2)
                #expect(row["status"] as? String == "cancelled")
                for name in ["claimed_at", "recorded_at"] {
                    #expect((row[name] as? String)?.hasSuffix("Z") == true, "\(name)")
                }
                for name in ["reason", "expires_at"] { #expect(row[name] == nil, "\(name)") }
            }
        }
    }

    @Test func parametersAreStrict() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for (query, field) in [
                    ("event=a%20b", "event"), ("event=", "event"), ("customer=", "customer"),
                    ("customer=a%00b", "customer"), ("customer=%ff", "customer"), ("status=sold", "status"),
                    ("status=Held", "status"), ("after=x", "after"), ("after=", "after"), ("limit=0", "limit"),
                    ("limit=1001", "limit"), ("limit=%2B5", "limit"), ("limit=1e2", "limit"), ("limit=-1", "limit"),
                    ("stauts=held", "stauts"), ("limit=1&limit=2", "limit"), ("event", "event"),
                ] {
                    let response = try await get("/admin/orders?\(query)", api)
                    #expect(response.status == 400, "\(query)")
                    #expect(response.text("field") == field, "\(query)")
                }
                for path in ["/admin/orders?event=none", "/admin/orders?event=none&customer=a"] {
                    #expect(try await get(path, api).text("code") == "event-not-found", "\(path)")
                }
                #expect(try await get("/admin/orders/x", api).status == 400)
                let unknown = "01900000-0000-7000-8000-000000000000"
                #expect(try await get("/admin/orders/\(unknown)", api).text("code") == "order-not-found")
                for path in ["/admin/orders", "/admin/orders/\(unknown)", "/admin/events/demo/orders.csv"] {
                    #expect(try await api.send("GET", path).status == 401, "\(path)")
                    #expect(try await api.send("POST", path, headers: Self.admin).status == 405, "\(path)")
                }
            }
        }
    }

    /// Pages are complete and repeat nothing, whatever is sold while they are read.
    @Test func pagesAreCompleteWhileOrdersArrive() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("POST", "/reset", #"{"capacity":1000000}"#)
                _ = try await api.send("PUT", "/events/other", #"{"capacity":1000}"#, headers: Self.admin)
                @Sendable func sell(_ count: Int, _ event: String = "demo") async throws -> Set<String> {
                    var ids: Set<String> = []
                    for _ in 0..<count {
                        let body = #"{"event":"\#(event)","customer":"c"}"#
                        ids.insert(try #require(try await api.send("POST", "/buy", body).text("ticket_id")))
                    }
                    return ids
                }
                try await test.withWorkers {
                    var sold = try await sell(120)
                    _ = try await sell(30, "other")
                    sold.formUnion(try await sell(20))
                    try await test.waitUntilDrained()
                    async let others = sell(150)
                    for query in [
                        "event=demo&limit=7", "limit=11", "customer=c&limit=1", "customer=c&event=demo&limit=9",
                    ] {
                        let listed = try await allPages(query, api)
                        #expect(Set(listed).isSuperset(of: sold), "\(query)")
                        #expect(Set(listed).count == listed.count, "\(query)")
                        #expect(listed == listed.sorted(by: >), "\(query)")
                    }
                    _ = try await others
                }
            }
        }
    }

    // MARK: One order

    @Test func anOrderHasBothStoresAndItsHistory() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/demo", #"{"hold_seconds":600}"#, headers: Self.admin)
                let id = try #require(try await api.send("POST", "/buy", #"{"customer":"anna"}"#).text("ticket_id"))
                @Sendable func states() async throws -> (live: String?, row: String?, history: [String]) {
                    let response = try await get("/admin/orders/\(id)", api)
                    let steps = response.json["history"] as? [[String: Any]] ?? []
                    return (
                        (response.json["live"] as? [String: Any])?["status"] as? String,
                        (response.json["order"] as? [String: Any])?["status"] as? String,
                        steps.compactMap { $0["status"] as? String }
                    )
                }
                #expect(try await states() == ("held", nil, ["held"]))
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await states() == ("held", "held", ["held"]))
                _ = try await api.send("POST", "/orders/\(id)/confirm")
                #expect(try await states() == ("confirmed", "held", ["held", "confirmed"]))
                try await test.withWorkers { try await test.waitUntilDrained() }
                _ = try await api.send("POST", "/orders/\(id)/cancel")
                #expect(try await states() == ("cancelled", "confirmed", ["held", "confirmed", "cancelled"]))
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await states() == ("cancelled", "cancelled", ["held", "confirmed", "cancelled"]))
                let response = try await get("/admin/orders/\(id)", api)
                let steps = try #require(response.json["history"] as? [[String: String]])
                #expect(steps.allSatisfy { $0["at"] != nil })
                #expect(steps.compactMap { $0["at"] } == steps.compactMap { $0["at"] }.sorted())
                #expect((response.json["order"] as? [String: Any])?["customer"] as? String == "anna")

                try await test.redis("DEL", test.keys.order(try #require(OrderID(id))))
                let later = try await get("/admin/orders/\(id)", api)
                #expect(later.json["live"] == nil)
                #expect(later.json["order"] != nil)
            }
        }
    }

    @Test func anOrderIsFoundWhileRedisIsAway() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis, redisTimeout: .seconds(1)) { test in
                try await test.withAPI { api in
                    let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                    try await test.withWorkers { try await test.waitUntilDrained() }
                    try await redis.kill()
                    let response = try await get("/admin/orders/\(id)", api)
                    #expect(response.status == 200)
                    #expect(response.json["live_unavailable"] as? Bool == true)
                    #expect((response.json["order"] as? [String: Any])?["status"] as? String == "confirmed")
                    let unknown = try await get("/admin/orders/01900000-0000-7000-8000-000000000000", api)
                    #expect(unknown.status == 503, "it may exist")
                    #expect(Self.ids(try await get("/admin/orders", api)) == [id])
                }
            }
        }
    }
}
