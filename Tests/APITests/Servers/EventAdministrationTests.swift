import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine

/// Conditional changes, archiving and deletion of events, and requeueing dead letters, over HTTP.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct EventAdministrationTests {
    private let admin = ["Authorization": "Bearer secret"]

    private func with(_ name: String, _ value: String) -> [String: String] { admin.merging([name: value]) { $1 } }

    private func ids(_ response: HTTPClient.Response) -> [String] {
        (response.json["events"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }

    @Test func aChangeIsMadeOnlyIfTheTermsAreThoseThatTheClientHasSeen() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let created = try await api.send("PUT", "/events/gala", #"{"capacity":10}"#, headers: admin)
                let tag = try #require(created.headers["etag"])
                let found = try await api.send("GET", "/events/gala")
                #expect(found.headers["etag"] == tag)
                #expect(try await api.send("GET", "/events/gala", headers: ["If-None-Match": tag]).status == 304)
                #expect(try await api.send("GET", "/events/gala", headers: ["If-None-Match": "W/\(tag)"]).status == 304)
                #expect(try await api.send("GET", "/events/gala", headers: ["If-None-Match": #""x""#]).status == 200)

                // A sale changes the tag, and does not prevent a change of the terms.
                #expect(try await api.send("POST", "/buy", #"{"event":"gala"}"#).status == 202)
                #expect(try await api.sendFresh("/events/gala").headers["etag"] != tag)
                #expect(try await api.send("GET", "/events/gala", headers: ["If-None-Match": tag]).status == 200)
                let first = try await api.send(
                    "PUT", "/events/gala", #"{"capacity":20}"#, headers: with("If-Match", tag))
                #expect(first.status == 200)
                let second = try await api.send(
                    "PUT", "/events/gala", #"{"capacity":30}"#, headers: with("If-Match", tag))
                #expect(second.status == 412)
                #expect(second.text("code") == "precondition-failed")
                #expect(try await api.send("GET", "/events/gala").integer("capacity") == 20)
                let next = try #require(first.headers["etag"])
                let listed = #""other", \#(next)"#
                #expect(
                    try await api.send("PUT", "/events/gala", #"{"name":"G"}"#, headers: with("If-Match", listed))
                        .status
                        == 200)
            }
        }
    }

    @Test(arguments: [
        ("gala", "If-Match", "*", 200), ("new", "If-Match", "*", 412), ("gala", "If-None-Match", "*", 412),
        ("new", "If-None-Match", "*", 201), ("gala", "If-Match", #""x""#, 412), ("new", "If-Match", #""x""#, 412),
        ("gala", "If-None-Match", #""x""#, 200), ("gala", "If-Match", "x", 400), ("gala", "If-Match", #""x"#, 400),
        ("gala", "If-Match", #"W/"x""#, 412), ("gala", "If-Match", #"*, "x""#, 400),
        ("gala", "If-None-Match", ",", 400),
    ])
    func preconditionsAreThoseOfHTTP(event: String, name: String, value: String, status: Int) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/gala", #"{"capacity":10}"#, headers: admin)
                let path = "/events/\(event)"
                let response = try await api.send("PUT", path, #"{"capacity":11}"#, headers: with(name, value))
                #expect(response.status == status)
                let after = try await api.send("GET", path).integer("capacity")
                #expect(after == (status < 300 ? 11 : event == "new" ? nil : 10))
            }
        }
    }

    @Test func aWeakTagDoesNotAllowAChange() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let tag = try #require(
                    try await api.send("PUT", "/events/gala", #"{"capacity":10}"#, headers: admin).headers["etag"])
                let weak = try await api.send("PUT", "/events/gala", "{}", headers: with("If-Match", "W/\(tag)"))
                #expect(weak.status == 412)
                let other = try await api.send("DELETE", "/events/gala", headers: with("If-Match", #""x""#))
                #expect(other.status == 412)
                #expect(try await api.send("DELETE", "/events/gala", headers: with("If-Match", tag)).status == 204)
            }
        }
    }

    @Test func archivedEventsAreListedOnRequestOnly() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/old", #"{"capacity":10}"#, headers: admin)
                let bought = try await api.send("POST", "/buy", #"{"event":"old"}"#)
                let order = try #require(bought.headers["location"])
                try await test.withWorkers {
                    let archived = try await api.send("PUT", "/events/old", #"{"archived":true}"#, headers: admin)
                    #expect(archived.status == 200)
                    #expect(archived.json["archived"] as? Bool == true)
                    #expect(archived.text("status") == "closed")
                    #expect(archived.integer("sold") == 1)
                }
                #expect(ids(try await api.send("GET", "/events")) == ["demo", "lab-queue"])
                #expect(ids(try await api.send("GET", "/events?archived=false")) == ["demo", "lab-queue"])
                #expect(ids(try await api.send("GET", "/events?archived=true")) == ["old"])
                #expect(ids(try await api.send("GET", "/events?archived=all")) == ["demo", "lab-queue", "old"])
                #expect(ids(try await api.send("GET", "/events?archived=all&after=lab-queue&limit=1")) == ["old"])
                #expect(try await api.send("GET", "/events?archived=maybe").status == 400)
                #expect(try await api.send("GET", "/events/old").json["archived"] as? Bool == true)
                #expect(try await api.send("GET", order).text("status") == "confirmed")
                let refused = try await api.send("POST", "/buy", #"{"event":"old"}"#)
                #expect(refused.text("code") == "not-on-sale")
                #expect(refused.text("state") == "closed")
                let cancelled = try await api.send("POST", order + "/cancel")
                #expect(cancelled.text("code") == "event-archived")
                let reset = try await api.send("POST", "/reset", #"{"event":"old"}"#)
                #expect(reset.text("code") == "event-archived")
                let deleted = try await api.send("DELETE", "/events/old", headers: admin)
                #expect(deleted.text("code") == "event-has-orders")
                _ = try await api.send("PUT", "/events/old", #"{"archived":false}"#, headers: admin)
                #expect(try await api.send("POST", order + "/cancel").text("status") == "cancelled")
                #expect(try await api.sendFresh("/events/old").integer("available") == 10)
            }
        }
    }

    @Test func anEventWithoutOrdersIsDeletedAndCanBeCreatedAgain() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/e", #"{"capacity":1}"#, headers: admin)
                #expect(try await api.send("DELETE", "/events/e").status == 401)
                let deleted = try await api.send("DELETE", "/events/e", headers: admin)
                #expect(deleted.status == 204)
                #expect(deleted.body.isEmpty)
                #expect(try await api.send("DELETE", "/events/e", headers: admin).text("code") == "event-not-found")
                #expect(try await api.send("GET", "/events/e").status == 404)
                #expect(try await api.send("POST", "/buy", #"{"event":"e"}"#).text("code") == "event-not-found")
                let again = try await api.send("PUT", "/events/e", #"{"capacity":2}"#, headers: admin)
                #expect(again.status == 201)
                #expect(try await api.send("POST", "/buy", #"{"event":"e"}"#).status == 202)
                let busy = try await api.send("DELETE", "/events/e", headers: admin)
                #expect(busy.text("code") == "event-in-use")
                #expect(try await api.sendFresh("/events/e").integer("available") == 1)
            }
        }
    }

    /// A lower capacity to what is free, while another event's units return all the time and no worker runs.
    @Test func theCapacityCanBeLoweredToWhatIsFree() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/e", #"{"capacity":100,"hold_seconds":600}"#, headers: admin)
                _ = try await api.send("PUT", "/events/busy", #"{"capacity":10,"hold_seconds":600}"#, headers: admin)
                for event in ["busy", "e", "e"] {
                    let bought = try await api.send("POST", "/buy", #"{"event":"\#(event)"}"#)
                    if event == "e" { continue }
                    let order = try #require(bought.headers["location"])
                    #expect(try await api.send("POST", order + "/cancel").status == 200)
                }
                #expect(try await api.send("PUT", "/events/e", #"{"capacity":2}"#, headers: admin).status == 200)
                let tooLow = try await api.send("PUT", "/events/e", #"{"capacity":1}"#, headers: admin)
                #expect(tooLow.text("code") == "capacity-in-use")
                #expect(tooLow.integer("claimed") == 2)
            }
        }
    }

    @Test func allDeadLettersAreRequeuedAtOnce() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let path = "/admin/dead-letters/requeue"
                #expect(try await api.send("POST", path).status == 401)
                #expect(try await api.send("GET", path, headers: admin).status == 405)
                _ = try await api.send("PUT", "/events/other", #"{"capacity":500}"#, headers: admin)
                for _ in 0..<3 { #expect(try await api.send("POST", "/buy", #"{"event":"other"}"#).status == 202) }
                #expect(try await test.claimAtOnce(100).accepted.count == 100)
                for _ in 0..<2 {
                    let batch = try #require(try await test.queue().take(limit: 60))
                    let dead = batch.orders.map { _ in Settlement.unsettleable(reason: "r") }
                    #expect(try await test.queue().acknowledge(batch, dead))
                }
                try await test.redis("HSET", test.keys.deadLetters, "odd", "not a letter")
                let one = try await api.send("POST", path, #"{"event":"other"}"#, headers: admin)
                #expect(one.integer("requeued") == 3)
                #expect(one.integer("waiting") == 0)
                let all = try await api.send("POST", path, headers: admin)
                #expect(all.integer("requeued") == 100)
                #expect(try await api.send("GET", "/admin/queue", headers: admin).integer("depth") == 103)
                #expect(try await api.send("POST", path, headers: admin).integer("requeued") == 0)
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await test.isAtRest())
                #expect(try await api.send("POST", path, #"{"x":1}"#, headers: admin).status == 400)
            }
        }
    }
}
