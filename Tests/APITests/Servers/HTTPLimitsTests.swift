import Foundation
import TestSupport
import Testing
import Timing

@Suite(.bothWays, .timeLimit(.minutes(10))) struct HTTPLimitsTests {
    @Test func headersHaveLimitsForSizeAndNumber() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let big = try await api.send(
                    "GET", "/healthz", headers: ["X-Big": String(repeating: "x", count: 17_000)])
                #expect(big.status == 431)
                #expect(big.text("code") == "headers-too-large")
                var many: [String: String] = [:]
                for number in 0..<70 { many["X-\(number)"] = "y" }
                #expect(try await api.send("GET", "/healthz", headers: many).status == 431)
                var some: [String: String] = ["X-Big": String(repeating: "x", count: 10_000)]
                for number in 0..<50 { some["X-\(number)"] = "y" }
                #expect(try await api.send("GET", "/healthz", headers: some).status == 200)
            }
        }
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    ])
    func invalidHTTPIsRefusedAndTheConnectionCloses(request: String) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let response = try HTTPClient.parse(try await api.exchange([.send(request)]))
                #expect(response.status == 400)
                #expect(response.text("code") == "invalid-request")
                #expect(response.headers["connection"] == "close")
            }
        }
    }

    /// Requests that a proxy and the API could parse differently (request smuggling). None may buy anything, and the
    /// following request must not be answered.
    @Test(arguments: [
        "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 0\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /buy HTTP/1.1\nHost: x\nContent-Length: 0\n\n",
        "POST /buy HTTP/1.1\r\nHost: x\nContent-Length: 0\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n",
    ])
    func ambiguousRequestsAreRefused(request: String) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let text = try await api.exchange([.send(request + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")])
                #expect(try HTTPClient.parse(text).status == 400, "\(text)")
                #expect(!text.contains("alive"), "\(text)")
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 0)
            }
        }
    }

    /// Also if the part of the body that arrived is a valid purchase.
    @Test(arguments: ["Content-Length: 100\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"])
    func aConnectionThatClosesDuringABodyBuysNothing(rest: String) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for _ in 0..<20 {
                    _ = try? await api.exchange(
                        [.send("POST /buy HTTP/1.1\r\nHost: x\r\n\(rest)")], within: .milliseconds(20))
                }
                let bought = try await api.send("POST", "/buy")
                #expect(bought.status == 202)
                let queued = try await test.redis("LLEN", test.keys.queue).integer
                #expect(queued == 1)
            }
        }
    }

    @Test(arguments: ["", "{"]) func aBodyThatArrivesTooLateIsRefused(begun: String) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let start = ContinuousClock.now
                let text = try await api.exchange([
                    .send("POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n\(begun)")
                ])
                let took = ContinuousClock.now - start
                #expect(try HTTPClient.parse(text).text("code") == "request-timeout")
                #expect(took > .seconds(4) && took < .seconds(9))
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 0)
            }
        }
    }

    @Test func idleConnectionsAndSlowHeadersAreClosed() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                async let idle = timed { try await api.exchange([]) }
                async let slow = timed { try await api.exchange([.send("GET /healthz HTT")]) }
                async let kept = timed {
                    try await api.exchange([.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), .expect("alive")])
                }
                for (took, text) in try await [idle, slow, kept] {
                    #expect(took > .seconds(8) && took < .seconds(16))
                    #expect(text.isEmpty || text.contains("alive"))
                }
            }
        }
    }

    @Test func anEndlessChunkedBodyIsRefused() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let chunk = "400\r\n" + String(repeating: " ", count: 1024) + "\r\n"
                let text = try await api.exchange(
                    [.send("POST /buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")]
                        + Array(repeating: .send(chunk), count: 6) + [.expect("body-too-large")])
                #expect(try HTTPClient.parse(text).status == 413)
            }
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                let last = "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                let text = try await api.exchange([
                    .send(get + "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" + last)
                ])
                let statuses = text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
                #expect(statuses == ["200", "202", "404"])
            }
        }
    }

    @Test func responsesToHEADHaveNoBody() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let heads = ["/nowhere", "/buy", "/healthz", "/events/nowhere"].map {
                    "HEAD \($0) HTTP/1.1\r\nHost: x\r\n\r\n"
                }
                let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                let text = try await api.exchange([.send(heads.joined() + last)])
                let responses = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
                #expect(responses.map { $0.prefix(3) } == ["404", "405", "200", "404", "200"])
                for response in responses.dropLast() { #expect(response.hasSuffix("\r\n\r\n")) }
            }
        }
    }

    @Test func connectionsAboveTheLimitWaitUntilOneCloses() async throws {
        try await withTestStores { test in
            try await test.withAPI(connectionLimit: 3) { api in
                async let first = api.exchange([.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), .expect("alive")])
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<30 { group.addTask { try await api.send("GET", "/healthz").status } }
                    return try await group.reduce(into: [Int]()) { $0.append($1) }
                }
                #expect(statuses == Array(repeating: 200, count: 30))
                _ = try await first
            }
        }
    }

    private func timed(_ body: @Sendable () async throws -> String) async throws -> (Duration, String) {
        let start = ContinuousClock.now
        let text = try await body()
        return (ContinuousClock.now - start, text)
    }
}
