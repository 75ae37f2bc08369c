import Foundation
import TestSupport
import Testing

@testable import API

@Suite(.bothWays, .timeLimit(.minutes(10))) struct RateLimitServerTests {
    /// A limit that does not recover during a test: one request per hour.
    private let few = RateLimit(interval: 3_600_000_000_000, burst: 6)

    @Test func requestsAboveTheLimitAreRefusedAndChangeNothing() async throws {
        try await withTestStores { test in
            try await test.withAPI(rateLimit: RateLimit(perSecond: 1, burst: 4)) { api in
                let accepted = try await api.send("POST", "/buy")
                #expect(accepted.status == 202)
                #expect(accepted.headers["ratelimit-policy"] == #""address";q=4;w=4"#)
                #expect(accepted.headers["ratelimit"] == #""address";r=3;t=1"#)
                var refused: [HTTPClient.Response] = []
                var taken = 1
                // On a busy machine the limit recovers partly during the loop.
                for _ in 0..<400 where refused.count < 12 {
                    let response = try await api.send("POST", "/buy")
                    if response.status == 202 { taken += 1 } else { refused.append(response) }
                }
                #expect(refused.count == 12)
                #expect(taken >= 4)
                for response in refused {
                    #expect(response.status == 429)
                    #expect(response.text("code") == "rate-limited")
                    #expect(response.headers["retry-after"] == "1")
                    #expect(response.integer("retry_after_s") == 1)
                    #expect(response.headers["ratelimit"]?.hasPrefix(#""address";r=0;t="#) == true)
                    #expect(response.headers["content-type"] == "application/problem+json")
                }
                let queued = try await test.redis("LLEN", test.keys.queue).integer
                #expect(queued == Int64(taken))
            }
        }
    }

    @Test func aRefusalKeepsTheConnectionAndTheOrderOfResponses() async throws {
        try await withTestStores { test in
            try await test.withAPI(rateLimit: few) { api in
                let buy = "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
                let head = "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                let text = try await api.exchange([
                    .send(String(repeating: buy, count: 12) + head), .expect("429"), .send(buy + last),
                ])
                let responses = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
                #expect(responses.count == 15)
                let statuses = responses.map { String($0.prefix(3)) }
                let firstRefused = try #require(statuses.firstIndex(of: "429"))
                #expect(statuses.prefix(firstRefused).allSatisfy { $0 == "202" })
                #expect(firstRefused == 6)
                #expect(statuses.dropFirst(firstRefused).allSatisfy { $0 == "429" })
                let toHead = try #require(responses.dropLast(2).last)
                #expect(toHead.hasSuffix("\r\n\r\n"), "a response to HEAD has no body")
            }
        }
    }

    /// A refusal does not wait for the order.
    @Test func aRequestThatWouldWaitIsRefusedAtOnce() async throws {
        try await withTestStores { test in
            try await test.withAPI(rateLimit: few) { api in
                let order = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                let wait = "GET /orders/\(order)?wait=30 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                let start = ContinuousClock.now
                let text = try await api.exchange([.send(String(repeating: get, count: 20) + wait)])
                #expect(text.components(separatedBy: "HTTP/1.1 ").last?.hasPrefix("429") == true)
                #expect(ContinuousClock.now - start < .seconds(20))
            }
        }
    }

    @Test func onlyATrustedProxyIdentifiesClients() async throws {
        try await withTestStores { test in
            func statuses(trusting proxies: String) async throws -> [Int] {
                try await test.withAPI(rateLimit: few, trusting: proxies) { api in
                    var statuses: [Int] = []
                    for number in 0..<20 {
                        // The first address is the client's own value, the second is appended by the proxy.
                        let forwarded = ["X-Forwarded-For": "203.0.113.\(number), 198.51.100.\(number / 10)"]
                        statuses.append(try await api.send("GET", "/healthz", headers: forwarded).status)
                    }
                    return statuses
                }
            }
            let untrusted = try await statuses(trusting: "")
            #expect(untrusted.contains(429), "every forged address counts for the peer")
            let trusted = try await statuses(trusting: "127.0.0.0/8")
            #expect(trusted.prefix(6).allSatisfy { $0 == 200 })
            #expect(trusted.prefix(10).contains(429))
            #expect(trusted[10..<16].allSatisfy { $0 == 200 })
            #expect(trusted.suffix(4).contains(429))
        }
    }

    @Test func withoutALimitResponsesHaveNoLimitHeaders() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for _ in 0..<100 {
                    let response = try await api.send("GET", "/healthz")
                    #expect(response.status == 200)
                    #expect(response.headers["ratelimit"] == nil)
                }
            }
        }
    }

    /// The state of a connection is bounded, however many requests a client pipelines.
    @Test func endlessPipeliningClosesTheConnection() async throws {
        try await withTestStores { test in
            try await test.withAPI(rateLimit: RateLimit(perSecond: 1, burst: 2)) { api in
                let order = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                let wait = "GET /orders/\(order)?wait=30 HTTP/1.1\r\nHost: x\r\n\r\n"
                let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                let start = ContinuousClock.now
                _ = try? await api.exchange([.send(wait + String(repeating: get, count: 2000))])
                #expect(ContinuousClock.now - start < .seconds(20))
            }
        }
    }
}
