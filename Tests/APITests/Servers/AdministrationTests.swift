import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import RedisClient
@testable import RedisSchema

/// The routes for operators.
@Suite(.timeLimit(.minutes(10))) struct AdministrationTests {
    @Test func theAdministrationRoutesReportAndRepair() async throws {
        try await withTestStores { test in
            let admin = ["Authorization": "Bearer secret"]
            try await test.withAPI { api in
                for (method, path) in [
                    ("GET", "/admin/queue"), ("GET", "/admin/dead-letters"), ("POST", "/admin/dead-letters/x/requeue"),
                    ("POST", "/admin/reconcile"),
                ] {
                    #expect(try await api.send(method, path).status == 401)
                }
                for _ in 0..<3 { #expect(try await api.send("POST", "/buy").status == 202) }
                try await test.redis("LPUSH", test.keys.queue, "garbage")
                let waiting = try await api.send("GET", "/admin/queue", headers: admin)
                #expect(waiting.integer("depth") == 4)
                #expect(waiting.integer("dead_letters") == 0)
                #expect(waiting.integer("workers") == 0)
                #expect(waiting.integer("in_flight") == 0)
                #expect(try #require(waiting.integer("oldest_age_ms")) < 60_000)
                try await test.withWorkers(2) {
                    try await test.waitUntilDrained()
                    try await eventually("both workers are counted") {
                        try await api.send("GET", "/admin/queue", headers: admin).integer("workers") == 2
                    }
                }
                let listed = try await api.send("GET", "/admin/dead-letters", headers: admin)
                let letters = try #require(listed.json["dead_letters"] as? [[String: Any]])
                #expect(listed.integer("count") == 1)
                #expect(letters.count == 1)
                #expect(letters[0]["entry"] as? String == "garbage")
                #expect(letters[0]["at"] is String)
                let id = try #require(letters[0]["id"] as? String)
                let path = "/admin/dead-letters/\(id)/requeue"
                #expect(try await api.send("POST", path, headers: admin).status == 200)
                #expect(try await api.send("POST", path, headers: admin).text("code") == "dead-letter-not-found")
                #expect(try await api.send("GET", "/admin/queue", headers: admin).integer("depth") == 1)
                #expect(try await api.send("GET", "/admin/dead-letters?limit=0", headers: admin).status == 400)

                try await test.redis("HINCRBY", test.keys.event(.demo), "stock", "2")
                let repaired = try await api.send("POST", "/admin/reconcile", headers: admin)
                let events = try #require(repaired.json["events"] as? [[String: Any]])
                #expect(repaired.integer("drifted") == 1)
                #expect(events[0]["outcome"] as? String == "repaired")
                #expect((events[0]["drift"] as? [String: Int])?["available"] == 2)
                let again = try await api.send("POST", "/admin/reconcile", #"{"event":"demo"}"#, headers: admin)
                #expect(again.integer("drifted") == 0)
                #expect(
                    try await api.send("POST", "/admin/reconcile", #"{"event":"none"}"#, headers: admin).status == 404)
            }
        }
    }
}
