import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import RedisClient
@testable import RedisSchema

/// What the API reports while events are backfilled.
@Suite(.timeLimit(.minutes(10))) struct RecoveryReportTests {
    /// While another process backfills, the API reports the progress, and a purchase requests the backfill of its
    /// event.
    @Test func theAPIReportsTheProgressOfABackfill() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100, customerLimit: 5))
            #expect(try await test.claimAtOnce(30, customer: { "c\($0)" }).accepted.count == 30)
            try await test.withWorkers { try await test.waitUntilDrained() }
            let admin = ["Authorization": "Bearer secret"]
            try await test.withAPI { api in
                // The state that another process leaves during its backfill.
                let far = "99999999999999"
                try await test.redis(
                    "HSET", test.keys.backfill, "token", "other", "until", far, "done", "30", "total", "90")
                try await test.redis("HDEL", test.keys.backfill, "complete")
                try await test.redis("DEL", test.keys.event(.demo), test.keys.published, test.keys.customers(.demo))
                try await eventually("the API has inspected the partition") {
                    try await api.send("GET", "/readyz").text("phase") == "filling"
                }
                let readiness = try await api.send("GET", "/readyz")
                #expect(readiness.status == 503)
                #expect(readiness.text("code") == "recovering")
                #expect(readiness.integer("done") == 30)
                #expect(readiness.integer("total") == 90)
                #expect(readiness.headers["retry-after"] != nil)
                let queue = try await api.send("GET", "/admin/queue", headers: admin)
                let recovery = try #require(queue.json["recovery"] as? [String: Any])
                #expect(recovery["phase"] as? String == "filling")
                #expect(recovery["remaining_s"] as? Int ?? 0 > 0)
                let metrics = try await api.send("GET", "/metrics").body
                #expect(metrics.contains("ticketblitz_recovery_tickets_done 30"))
                let buy = #"{"customer":"z"}"#
                let refused = try await api.send("POST", "/buy", buy)
                #expect(refused.status == 503)
                #expect(refused.text("code") == "recovering")
                #expect(refused.headers["retry-after"] != nil)
                #expect(try await test.redis("SISMEMBER", test.keys.requestedBackfills, "demo").integer == 1)
                try await test.redis("HSET", test.keys.backfill, "until", "0")
                try await eventually("the event is backfilled") { try await api.send("GET", "/readyz").status == 200 }
                #expect(try await api.send("POST", "/buy", buy).status == 202)
            }
            #expect(try await test.counters() == Counters(available: 69, pending: 1, sold: 30))
        }
    }
}
