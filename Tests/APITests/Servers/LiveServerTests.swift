import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine

/// Streams of server-sent events from a running API.
@Suite(.bothWays, .timeLimit(.minutes(15))) struct LiveServerTests {
    private let admin = ["Authorization": "Bearer secret"]

    private func available(_ count: Int) -> @Sendable (LiveReader.Message) -> Bool {
        { $0.integer("available") == count }
    }

    @Test func anEventIsSentAtOnceAndWhenItChanges() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let event = try await api.send("GET", "/events/demo")
                let last = try await api.watch("/events/demo/live") { stream in
                    let head = try await stream.head().lowercased()
                    #expect(head.hasPrefix("http/1.1 200"))
                    for field in [
                        "content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no",
                        "transfer-encoding: chunked", "x-request-id: ",
                    ] { #expect(head.contains("\r\n\(field)"), "\(head)") }
                    let retry = try await stream.next()
                    #expect((1000...3000).contains(retry?.retry ?? 0))
                    let first = try await stream.next()
                    #expect(first?.data == event.body)
                    #expect(first?.id.map { "\"\($0)\"" } == event.headers["etag"])
                    var id = first?.id
                    for left in [99, 98, 97] {
                        _ = try await api.send("POST", "/buy")
                        let message = try await stream.next(where: available(left))
                        #expect(message.id != id)
                        id = message.id
                    }
                    return id
                }
                // The client connects again.
                let known = try #require(last)
                try await api.watch("/events/demo/live", headers: ["Last-Event-ID": known]) { stream in
                    #expect(try await stream.next()?.retry != nil)
                    _ = try await api.send("POST", "/buy")
                    #expect(try await stream.next()?.integer("available") == 96, "nothing is sent again")
                }
                try await api.watch("/events/demo/live", headers: ["Last-Event-ID": known]) { stream in
                    _ = try await stream.next()
                    #expect(try await stream.next()?.integer("available") == 96)
                }
            }
        }
    }

    @Test func aChangeOfTheTermsIsSent() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await api.watch("/events/demo/live") { stream in
                    _ = try await stream.next { $0.text("status") == "open" }
                    _ = try await api.send("PUT", "/events/demo", #"{"paused":true}"#, headers: admin)
                    _ = try await stream.next { $0.text("status") == "paused" }
                    _ = try await api.send("POST", "/reset", #"{"capacity":7}"#, headers: admin)
                    _ = try await stream.next(where: available(7))
                }
            }
        }
    }

    @Test func updatesAreAtMostFourASecond() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("POST", "/reset", #"{"capacity":100000}"#)
                let buyer = Task { while !Task.isCancelled { _ = try await api.send("POST", "/buy") } }
                defer { buyer.cancel() }
                try await api.watch("/events/demo/live") { stream in
                    _ = try await stream.next { $0.integer("available") ?? 0 < 100_000 }
                    let start = ContinuousClock.now
                    for _ in 0..<8 { _ = try await stream.next { _ in true } }
                    #expect(ContinuousClock.now - start > .milliseconds(1700))
                }
            }
        }
    }

    @Test func aStreamOfNothingIsRefused() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let unknown = "/orders/01900000-0000-7000-8000-000000000000/live"
                for (path, status, code) in [
                    ("/events/nowhere/live", 404, "event-not-found"), ("/events/a%20b/live", 400, "invalid-request"),
                    (unknown, 404, "order-not-found"), ("/orders/x/live", 400, "invalid-request"),
                    ("/live/x", 404, "route-not-found"),
                ] {
                    let response = try await api.send("GET", path)
                    #expect(response.status == status, "\(path)")
                    #expect(response.text("code") == code, "\(path)")
                    #expect(response.headers["cache-control"] == "no-store")
                }
                for path in ["/live", "/events/demo/live", unknown] {
                    let response = try await api.send("POST", path)
                    #expect(response.status == 405, "\(path)")
                    #expect(response.headers["allow"] == "GET, HEAD")
                }
                for path in ["/live", "/events/demo/live"] {
                    let head = try await api.send("HEAD", path)
                    #expect(head.status == 200)
                    #expect(head.headers["content-type"] == "text/event-stream")
                    #expect(head.body.isEmpty)
                    if ResponseWay.current == .connection { #expect(head.headers["content-length"] == nil) }
                }
            }
        }
    }

    @Test func deletingAnEventEndsItsStreams() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/a", #"{"capacity":5}"#, headers: admin)
                try await api.watch("/events/a/live") { stream in
                    _ = try await stream.next(where: available(5))
                    #expect(try await api.send("DELETE", "/events/a", headers: admin).status == 204)
                    // Perhaps after the state in which it sells nothing any more.
                    let last = try await stream.next { $0.name == "deleted" }
                    #expect(last.text("id") == "a")
                    #expect(try await stream.next() == nil)
                    #expect(stream.isComplete, "the response is complete")
                }
            }
        }
    }

    @Test func aCommentIsSentEvery15Seconds() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await api.watch("/events/demo/live") { stream in
                    try await stream.comment()
                    let first = ContinuousClock.now
                    try await stream.comment()
                    let time = ContinuousClock.now - first
                    #expect(time > .seconds(12))
                    #expect(time < .seconds(30), "on a slow machine")
                }
            }
        }
    }

    // MARK: All events

    @Test func theEventsOnSaleAreSent() async throws {
        try await withTestStores { test in
            try await test.withAPI(demo: false) { api in
                for name in ["a", "b"] {
                    _ = try await api.send("PUT", "/events/\(name)", #"{"capacity":5}"#, headers: admin)
                }
                _ = try await api.send(
                    "PUT", "/events/over", #"{"capacity":5,"closes_at":"2020-01-01T00:00:00Z"}"#, headers: admin)
                let last = try await api.watch("/live") { stream in
                    let list = try await stream.next { $0.name == "list" }
                    #expect(list.data == #"{"events":["a","b"]}"#)
                    #expect(try await stream.next()?.text("id") == "a")
                    let second = try await stream.next()
                    #expect(second?.data == (try await api.send("GET", "/events/b").body))
                    _ = try await api.send("POST", "/buy", #"{"event":"b"}"#)
                    let message = try await stream.next { _ in true }
                    #expect(message.text("id") == "b")
                    #expect(message.integer("available") == 4)
                    _ = try await api.send("PUT", "/events/c", #"{"capacity":5}"#, headers: admin)
                    let longer = try await stream.next { $0.name == "list" }
                    #expect(longer.data == #"{"events":["a","b","c"]}"#)
                    #expect(try await stream.next()?.text("id") == "c")
                    _ = try await api.send("DELETE", "/events/a", headers: admin)
                    let shorter = try await stream.next { $0.name == "list" }
                    #expect(shorter.data == #"{"events":["b","c"]}"#)
                    return shorter.id
                }
                let known = try #require(last)
                try await api.watch("/live", headers: ["Last-Event-ID": known]) { stream in
                    _ = try await stream.next()
                    _ = try await api.send("POST", "/buy", #"{"event":"c"}"#)
                    #expect(try await stream.next()?.text("id") == "c", "nothing else is sent")
                }
            }
        }
    }

    // MARK: Orders

    @Test func anOrderIsSentUntilItsStateIsFinal() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/demo", #"{"hold_seconds":600}"#, headers: admin)
                for (action, status) in [("confirm", "confirmed"), ("cancel", "cancelled")] {
                    let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                    let last = try await api.watch("/orders/\(id)/live") { stream in
                        let held = try await stream.next { _ in true }
                        #expect(held.data == (try await api.send("GET", "/orders/\(id)").body))
                        #expect(held.text("status") == "held")
                        // No worker runs: the stream does not wait for the ledger.
                        #expect(try await api.send("POST", "/orders/\(id)/\(action)").status == 200)
                        let final = try await stream.next { _ in true }
                        #expect(final.text("status") == status)
                        #expect(try await stream.next() == nil)
                        #expect(stream.isComplete)
                        return final.id
                    }
                    // A browser connects again.
                    let known = ["Last-Event-ID": try #require(last)]
                    let again = try await api.send("GET", "/orders/\(id)/live", headers: known)
                    #expect(again.status == 204)
                    #expect(again.body.isEmpty)
                    #expect(again.headers["content-length"] == nil)
                    let other = try await api.send("GET", "/orders/\(id)/live")
                    #expect(other.body.contains("\"status\":\"\(status)\""), "and ends")
                }
            }
        }
    }

    @Test func aPendingOrderIsSentWhenTheLedgerHasIt() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                try await api.watch("/orders/\(id)/live") { stream in
                    #expect(try await stream.next { _ in true }.text("status") == "pending")
                    async let workers: Void = test.withWorkers { try await test.waitUntilDrained() }
                    let confirmed = try await stream.next { _ in true }
                    #expect(confirmed.text("status") == "confirmed")
                    #expect(confirmed.json["persisted"] as? Bool == true)
                    #expect(try await stream.next() == nil)
                    try await workers
                }
            }
        }
    }

    @Test func aHoldThatExpiresEndsTheStream() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/demo", #"{"hold_seconds":1}"#, headers: admin)
                let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                try await api.watch("/orders/\(id)/live") { stream in
                    #expect(try await stream.next { _ in true }.text("status") == "held")
                    async let workers: Void = test.withWorkers {
                        try await eventually("the hold has expired") {
                            try await api.send("GET", "/orders/\(id)").text("status") == "expired"
                        }
                    }
                    _ = try await stream.next { $0.text("status") == "expired" }
                    #expect(try await stream.next() == nil)
                    try await workers
                }
            }
        }
    }

    // MARK: The end

    @Test func theShutdownEndsAllStreams() async throws {
        try await withTestStores { test in
            let (streams, begun) = AsyncStream.makeStream(of: Void.self)
            let readers = try await test.withAPI { api in
                let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                let paths = ["/live", "/events/demo/live", "/orders/\(id)/live"]
                let readers = paths.map { path in
                    Task {
                        try await api.watch(path) { stream in
                            _ = try await stream.next { _ in true }
                            begun.yield()
                            var last: LiveReader.Message?
                            while let message = try await stream.next() { last = message }
                            let isComplete = stream.isComplete
                            try await stream.rest()
                            return (last?.retry, isComplete)
                        }
                    }
                }
                var count = 0
                for await _ in streams {
                    count += 1
                    if count == paths.count { break }
                }
                return readers
            }
            for reader in readers {
                let (retry, isComplete) = try await reader.value
                #expect((1000...5000).contains(retry ?? 0))
                #expect(isComplete, "the response is complete")
            }
        }
    }

    @Test func anotherRequestOnTheConnectionEndsTheStream() async throws {
        guard ResponseWay.current == .connection else { return }
        try await withTestStores { test in
            try await test.withAPI { api in
                let text = try await api.exchange([
                    .send("GET /events/demo/live HTTP/1.1\r\nHost: x\r\n\r\n"), .expect("data: "),
                    .send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                ])
                let end = try #require(text.range(of: "\r\n0\r\n\r\nHTTP/1.1 200 OK"))
                #expect(text[end.upperBound...].contains("alive"))
            }
        }
    }

    @Test func aClientOfHTTP1_0IsServed() async throws {
        guard ResponseWay.current == .connection else { return }
        try await withTestStores { test in
            try await test.withAPI { api in
                try await api.watch("/events/demo/live", version: "1.0") { stream in
                    let head = try await stream.head().lowercased()
                    #expect(!head.contains("transfer-encoding"))
                    #expect(head.contains("connection: close"))
                    _ = try await stream.next(where: available(100))
                    _ = try await api.send("POST", "/buy")
                    _ = try await stream.next(where: available(99))
                }
            }
        }
    }

    @Test func theRateLimitCountsStreams() async throws {
        try await withTestStores { test in
            try await test.withAPI(rateLimit: RateLimit(interval: 60_000_000_000, burst: 3)) { api in
                // The client has its own address: the API is asked whether it is ready from others.
                let client = HTTPClient(port: api.port, from: "127.0.0.77")
                var statuses: [Int] = []
                for _ in 0..<5 {
                    let request = "GET /events/demo/live HTTP/1.0\r\nHost: x\r\n\r\n"
                    let text = try await client.exchange([.send(request), .expect("\r\n\r\n"), .close])
                    let response = try HTTPClient.parse(text)
                    statuses.append(response.status)
                    #expect(response.headers["ratelimit"] != nil)
                }
                #expect(statuses == [200, 200, 200, 429, 429])
            }
        }
    }
}
