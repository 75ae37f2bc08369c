import Foundation
import TestSupport
import Testing

@testable import API

/// The shipped configuration of nginx in front of the API.
@Suite(.timeLimit(.minutes(10))) struct BalancerTests {
    /// Spellings of a path that some server could take for it.
    static func spellings(of path: String) -> [String] {
        let name = path.dropFirst()
        let first = String(name.utf8.first ?? 0, radix: 16)
        return [
            path, "\(path)/", "\(path)//", "\(path)/?x", "\(path)?", "\(path)?x=/events", "\(path)#", "\(path)/#x",
            "/\(path)",
            "//\(path)", "/.\(path)", "/./.\(path)", "\(path)/.", "\(path)/./", "\(path)/x/..", "\(path)/x/../",
            "/x/..\(path)", "/events/..\(path)", "/events/../.\(path)", "/events/x/../..\(path)", "/buy/..\(path)",
            "/buy/%2e%2e\(path)", "/orders/%2e%2e/\(name)", "/orders/..%2f\(name)", "/orders/%2e%2e%2f\(name)",
            "/orders/.%2e\(path)", "/events/..%5c\(name)", "/events/..;\(path)", "/events/%252e%252e\(path)",
            "/%\(first)\(name.dropFirst())", "/%25\(first)\(name.dropFirst())", "/%2f\(name)", "%2f\(name)",
            "/%2e\(path)", "\(path)%2f", "\(path)%20", "\(path)%00", "\(path)%0a", "\(path)%0d%0a", "\(path);x",
            "\(path)\\",
            "\\\(name)", "/\\\(name)", "http://x\(path)", "http://x\(path)/", "http://x/\(path)", "http://x//\(path)?y",
            "http://x/events/..\(path)", "http://x:80\(path)", "HTTP://X\(path)//", "http://x?\(path)",
            "http://x/?\(path)",
            "/events?\(path)", "/events/?/..\(path)", "/buy#/..\(path)", "\(path.uppercased())", "/events\(path)",
        ]
    }

    private static let operatorPaths = [
        "/healthz", "/readyz", "/admin/queue", "/admin/dead-letters", "/admin/reconcile", "/console",
    ]

    /// The response to a request line that is sent as it is.
    private func send(
        _ target: String, method: String = "GET", to port: Int, from address: String = "127.0.0.1"
    ) async throws -> HTTPClient.Response {
        let text = try await HTTPClient(port: port, from: address).exchange([
            .send(
                "\(method) \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Length: 0\r\n"
                    + "Connection: close\r\n\r\n")
        ])
        return try HTTPClient.parse(text)
    }

    @Test func noSpellingOfMetricsIsLetThrough() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                #expect(try await api.send("GET", "/metrics").body.contains("ticketblitz_"))
                try await withNginxServer(upstream: api.port) { nginx in
                    #expect(Self.spellings(of: "/metrics").count >= 50)
                    for spelling in Self.spellings(of: "/metrics") {
                        for method in ["GET", "HEAD", "POST"] {
                            let response = try await send(spelling, method: method, to: nginx.port)
                            #expect(!response.body.contains("# HELP"), "\(method) \(spelling)")
                            #expect(response.headers["content-type"]?.contains("version=0.0.4") != true, "\(spelling)")
                        }
                    }
                    let refused = try await send("/metrics", to: nginx.port)
                    let unknown = try await api.send("GET", "/nowhere")
                    #expect(refused.status == 404)
                    #expect(refused.body == unknown.body, "the balancer answers as the API does")
                    #expect(refused.headers["content-type"] == "application/problem+json")
                }
            }
        }
    }

    /// From an address that is not an operator's, the paths of operators do not exist, in any spelling.
    @Test func operatorsPathsAreClosedToOthers() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await withNginxServer(upstream: api.port, changes: ["127.0.0.0/8 ": "127.0.0.1/32 "]) { nginx in
                    for path in Self.operatorPaths {
                        for spelling in Self.spellings(of: path) {
                            let response = try await send(spelling, to: nginx.port, from: "127.0.0.2")
                            for secret in [
                                "alive", "ready\"", "depth", "dead_letters", "drifted", "TicketBlitz console",
                            ] {
                                #expect(!response.body.contains(secret), "\(spelling)")
                            }
                        }
                        #expect(try await send(path, to: nginx.port, from: "127.0.0.2").status == 404)
                        let status = path == "/admin/reconcile" ? 405 : 200
                        #expect(try await send(path, to: nginx.port).status == status, "\(path) for an operator")
                    }
                    for path in ["/reset", "/lab/naive/reset", "/admin/reconcile"] {
                        #expect(try await send(path, method: "POST", to: nginx.port, from: "127.0.0.2").status == 404)
                        #expect(try await send(path, method: "POST", to: nginx.port).status == 200)
                    }
                }
            }
        }
    }

    /// Every route of the API has a location, so that a new one is not forgotten.
    @Test func everyRouteIsLetThrough() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let order = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                try await withNginxServer(upstream: api.port) { nginx in
                    for route in Route.all where route.path != "/metrics" {
                        var path = route.path.replacing(":strategy", with: "naive")
                        path.replace(":id", with: path.hasPrefix("/orders") ? order : "demo")
                        path.replace(":file", with: "console.js")
                        path.replace(":place", with: "demo.AQ")
                        // The method is no method of the route, so that nothing changes and only the route responds so.
                        let response = try await send(path, method: "OPTIONS", to: nginx.port)
                        #expect(response.status == 405, "\(path)")
                        #expect(response.headers["allow"]?.contains(route.method.rawValue) == true, "\(path)")
                    }
                    let client = HTTPClient(port: nginx.port)
                    #expect(try await client.send("POST", "/buy", #"{"quantity":2}"#).status == 202)
                    #expect(try await client.send("GET", "/orders/\(order)").text("ticket_id") == order)
                    #expect(try await client.send("GET", "/events?limit=1&after=zzz").body == #"{"events":[]}"#)
                    #expect(try await client.send("GET", "/orders/nonsense").text("code") == "invalid-request")
                    #expect(try await client.send("GET", "/").headers["content-security-policy"] != nil)
                    let old = try await client.exchange([.send("GET /healthz HTTP/1.0\r\n\r\n")])
                    #expect(old.contains("200 OK") && old.contains("alive"), "\(old)")
                }
            }
        }
    }

    @Test func oneAddressHasFewRequestsAtTheSameTime() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let order = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                try await withNginxServer(upstream: api.port, changes: ["clients 256": "clients 20"]) { nginx in
                    let port = nginx.port
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        // More than the limit, so that all places are taken whatever arrives first.
                        for _ in 0..<40 {
                            group.addTask {
                                while !Task.isCancelled {
                                    _ = try? await HTTPClient(port: port).send("GET", "/orders/\(order)?wait=30")
                                }
                            }
                        }
                        try await eventually("the address has too many requests") {
                            try await HTTPClient(port: port).send("GET", "/events/demo").status == 429
                        }
                        let refused = try await HTTPClient(port: port).send("GET", "/events/demo")
                        #expect(refused.text("code") == "rate-limited")
                        #expect(refused.headers["retry-after"] == "1")
                        let other = try await HTTPClient(port: port, from: "127.0.0.9").send("GET", "/events/demo")
                        #expect(other.status == 200)
                        group.cancelAll()
                    }
                    #expect(!nginx.log.contains("limiting"), "a client cannot fill the log")
                }
            }
        }
    }

    /// A client of HTTP/2 or WebSocket is answered in HTTP/1.1, and its connection can be used again.
    @Test(arguments: [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAA\r\nSec-WebSocket-Version: 13",
    ])
    func upgradesAreNotPassedOn(headers: String) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await withNginxServer(upstream: api.port) { nginx in
                    let buy = "POST /buy HTTP/1.1\r\nHost: x\r\n\(headers)\r\nContent-Length: 2\r\n\r\n{}"
                    let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                    let text = try await HTTPClient(port: nginx.port).exchange([
                        .send(buy), .expect("ticket_id"), .send(last),
                    ])
                    #expect(text.hasPrefix("HTTP/1.1 202"))
                    #expect(text.contains("alive"))
                }
                try await withTestListener { upstream in
                    try await withNginxServer(upstream: upstream.port) { nginx in
                        _ = try await HTTPClient(port: nginx.port).exchange([
                            .send("GET /events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\(headers)\r\n\r\n")
                        ])
                    }
                    let received = upstream.received.lowercased()
                    #expect(received.hasPrefix("get /events http/1.1"))
                    for field in ["upgrade", "http2-settings", "connection:", "expect:"] {
                        #expect(!received.contains("\r\n\(field)"), "\(received)")
                    }
                }
            }
        }
    }
}
