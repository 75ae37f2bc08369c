import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain

/// Changes of events and their lines in the audit trail.
@Suite(.timeLimit(.minutes(10))) struct AuditEventTests {
    private let admin = ["Authorization": "Bearer secret"]
    private let anna = ["Authorization": "Bearer operators-hush-hush", "X-Request-Id": "request-of-anna"]

    private func withAPI(
        demo: Bool = false, trusting proxies: String = "",
        _ body: @escaping @Sendable (TestStores, HTTPClient) async throws -> Void
    ) async throws {
        let tokens = try AdminTokens("anna operator operators-hush-hush\nbert viewer viewers-hush-hush")
        try await withTestStores { test in
            try await test.withAPI(demo: demo, trusting: proxies, change: { $0.adminTokens = tokens }) {
                try await body(test, $0)
            }
        }
    }

    @Test func eachChangeHasALineWithWhatItChanged() async throws {
        try await withAPI { test, api in
            let terms =
                #"{"name":"Ga\"la\\ ü","capacity":10,"per_customer_limit":4,"opens_at":"2026-01-31T12:00:00.5Z"}"#
            #expect(try await api.send("PUT", "/events/gala", terms, headers: anna).status == 201)
            let change = #"{"capacity":12,"per_customer_limit":null,"paused":true,"max_quantity":10}"#
            #expect(try await api.send("PUT", "/events/gala", change, headers: admin).status == 200)
            #expect(try await api.send("PUT", "/events/gala", change, headers: admin).status == 200, "changes nothing")
            let reset = #"{"event":"gala","capacity":7}"#
            #expect(try await api.send("POST", "/reset", reset, headers: anna).status == 200)
            #expect(try await api.send("DELETE", "/events/gala", headers: anna).status == 204)

            let lines = try await api.audit()
            #expect(lines.map(\.action) == ["event.delete", "event.reset", "event.change", "event.create"])
            #expect(lines.map(\.actor) == ["anna", "anna", "admin", "anna"])
            #expect(lines.allSatisfy { $0.subject == "gala" })
            #expect(lines.allSatisfy { $0.outcome == "done" && $0.reason == nil })
            #expect(lines.allSatisfy { $0.address == "127.0.0.1" })
            #expect(lines.map(\.requestID).filter { $0 == "request-of-anna" }.count == 3)
            #expect(lines[2].requestID?.count == 32)
            #expect(lines.map(\.id) == lines.map(\.id).sorted(by: >))

            let first =
                #""archived":false,"capacity":10,"max_quantity":10,"name":"Ga\"la\\ ü","#
                + #""opens_at":"2026-01-31T12:00:00.500Z","paused":false,"per_customer_limit":4"#
            #expect(lines[3].before == nil)
            #expect(lines[3].after == "{\(first)}")
            #expect(lines[2].before == #"{"capacity":10,"paused":false,"per_customer_limit":4}"#)
            #expect(lines[2].after == #"{"capacity":12,"paused":true}"#)
            #expect(lines[1].before == #"{"capacity":12,"held":0,"sold":0}"#)
            #expect(lines[1].after == #"{"capacity":7}"#)
            #expect(lines[0].after == nil)
            #expect(lines[0].before?.contains(#""capacity":7"#) == true)
            #expect(lines[0].before?.contains(#""paused":true"#) == true)
        }
    }

    @Test func aChangeThatIsRefusedLeavesNoLine() async throws {
        try await withAPI { test, api in
            _ = try await api.send("PUT", "/events/e", #"{"capacity":5,"hold_seconds":600}"#, headers: admin)
            _ = try await api.send("PUT", "/events/old", #"{"capacity":5,"archived":true}"#, headers: admin)
            try await test.withWorkers {
                #expect(try await api.send("POST", "/buy", #"{"event":"e","quantity":3}"#).status == 202)
                try await test.waitUntilDrained()
            }
            let present = try await api.audit()
            #expect(present.count == 2)
            let bert = ["Authorization": "Bearer viewers-hush-hush"]
            for (method, path, body, headers, status) in [
                ("PUT", "/events/e", #"{"capacity":2}"#, admin, 409),
                ("PUT", "/events/e", #"{"capacity":-1}"#, admin, 400),
                ("PUT", "/events/e", #"{"archived":true}"#, admin, 409),
                ("PUT", "/events/e", #"{"name":"x"}"#, admin.merging(["If-Match": #""x""#]) { $1 }, 412),
                ("PUT", "/events/new", #"{"name":"x"}"#, admin, 400), ("DELETE", "/events/e", "{}", admin, 409),
                ("DELETE", "/events/none", "{}", admin, 404), ("POST", "/reset", #"{"event":"none"}"#, admin, 404),
                ("POST", "/reset", #"{"event":"old"}"#, admin, 409), ("PUT", "/events/e", #"{"name":"x"}"#, bert, 403),
                ("DELETE", "/events/old", "{}", bert, 403), ("POST", "/reset", #"{"event":"e"}"#, bert, 403),
                ("PUT", "/events/e", #"{"name":"x"}"#, [:], 401), ("POST", "/reset", #"{"event":"e"}"#, [:], 401),
            ] {
                let response = try await api.send(method, path, body, headers: headers)
                #expect(response.status == status, "\(method) \(path) \(body): \(response.body)")
            }
            #expect(try await api.audit() == present)
        }
    }

    @Test func anEventIsNotChangedIfItsLineCannotBeWritten() async throws {
        try await withAPI { test, api in
            _ = try await api.send("PUT", "/events/e", #"{"capacity":5}"#, headers: admin)
            try await test.sql("ALTER TABLE audit RENAME TO kept")
            for (method, path, body) in [
                ("PUT", "/events/new", #"{"capacity":5}"#), ("PUT", "/events/e", #"{"capacity":9}"#),
                ("PUT", "/events/e", #"{"capacity":2}"#), ("PUT", "/events/e", #"{"archived":true}"#),
                ("DELETE", "/events/e", "{}"), ("POST", "/reset", #"{"event":"e","capacity":3}"#),
            ] {
                let response = try await api.send(method, path, body, headers: admin)
                #expect(response.status == 503, "\(method) \(path) \(body): \(response.body)")
            }
            try await test.sql("ALTER TABLE kept RENAME TO audit")
            let events = try await test.sql("SELECT string_agg(id || capacity || archived, ' ') FROM events")
            #expect(events == "e5false")
            #expect(try await api.audit().count == 1)
            try await eventually("Redis sells what the ledger says") {
                try await api.sendFresh("/events/e").integer("available") == 5
            }
            #expect(try await api.send("POST", "/buy", #"{"event":"e"}"#).status == 202)
        }
    }

    /// A hundred changes through two processes: each has its line, and each line begins where the one before it ended.
    @Test func changesAtTheSameTimeHaveTheirLines() async throws {
        try await withTestStores { test in
            try await test.withAPI(demo: false) { one in
                try await test.withAPI(demo: false) { other in
                    _ = try await one.send("PUT", "/events/e", #"{"capacity":1000}"#, headers: admin)
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        for number in 1...100 {
                            let api = number % 2 == 0 ? one : other
                            let headers = admin.merging(["X-Request-Id": "change-\(number)"]) { $1 }
                            group.addTask {
                                try await api.send(
                                    "PUT", "/events/e", #"{"capacity":\#(1000 + number)}"#, headers: headers
                                ).status
                            }
                        }
                        for try await status in group { #expect(status == 200) }
                    }
                    let lines = try await one.audit("subject=e&limit=1000")
                    #expect(lines.count == 101)
                    #expect(Set(lines.compactMap(\.requestID)).count == 101)
                    for (later, earlier) in zip(lines, lines.dropFirst()) where earlier.action == "event.change" {
                        #expect(later.before == earlier.after)
                    }
                    #expect(try await other.audit("subject=e&limit=1000") == lines)
                    let last = try await other.sendFresh("/events/e").integer("capacity")
                    #expect(lines.first?.after == #"{"capacity":\#(try #require(last))}"#)
                }
            }
        }
    }

    @Test func inADemoAnybodyIsTheActorDemo() async throws {
        try await withAPI(demo: true, trusting: "127.0.0.1") { test, api in
            let behind = ["X-Forwarded-For": "203.0.113.9, 2001:db8::17"]
            #expect(try await api.send("POST", "/reset", headers: behind).status == 200)
            let bert = ["Authorization": "Bearer viewers-hush-hush"]
            #expect(try await api.send("POST", "/reset", headers: bert).status == 200)
            #expect(try await api.send("POST", "/reset", headers: anna).status == 200)
            #expect(try await api.send("POST", "/lab/queue/reset", #"{"capacity":5}"#).status == 200)

            let demo = try await api.audit("subject=demo")
            #expect(demo.map(\.action) == ["event.reset", "event.reset", "event.reset", "event.create"])
            #expect(demo.map(\.actor) == ["anna", "demo", "demo", "demo"])
            #expect(demo.map(\.address) == ["127.0.0.1", "127.0.0.1", "2001:db8::17", nil])
            #expect(demo[3].requestID == nil)
            let lab = try await api.audit("subject=lab-queue&actor=demo")
            #expect(lab.map(\.action) == ["event.reset", "event.create"])
        }
    }

    @Test func noTokenGetsIntoALine() async throws {
        try await withAPI { test, api in
            for token in ["operators-hush-hush", "secret"] {
                let headers = ["Authorization": "Bearer \(token)", "Cookie": "session=\(token)"]
                _ = try await api.send(
                    "PUT", "/events/e", #"{"name":"\#(token.count)","capacity":5}"#, headers: headers)
                _ = try await api.send("POST", "/admin/reconcile", headers: headers)
            }
            let text = try #require(try await test.sql("SELECT string_agg(audit::text, ' ') FROM audit"))
            #expect(text.contains("events.reconcile"))
            #expect(!text.contains("hush"))
            #expect(!text.contains("secret"))
        }
    }
}
