import TestSupport
import Testing

@testable import RedisClient

@Suite(.bothWays, .timeLimit(.minutes(10))) struct StrictBodyServerTests {
    private static let bodies = [
        #"{"event":"demo","quantity":1,"quantity":1000}"#, #"{"\u0071uantity":2,"quantity":1}"#,
        #"{"event":"j","event":"demo"}"#, #"{"event":"demo",}"#, #"{"capacity":1,"capacity":2}"#, "\u{feff}{}", "{}{}",
        "{} //", #"{"quantity":NaN}"#, #"{"customer":"\ud800"}"#, "{\"customer\":\"a\tb\"}", "{\"a\":[[[[{}]]]]}",
    ]

    /// No route accepts a body that another reader could understand differently, and none changes anything.
    @Test func everyRouteRefusesWhatIsNotJSON() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let admin = ["Authorization": "Bearer secret"]
                let order = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                for (method, path) in [
                    ("POST", "/buy"), ("PUT", "/events/new"), ("PUT", "/events/demo"), ("POST", "/reset"),
                    ("POST", "/admin/reconcile"), ("POST", "/admin/dead-letters/x/requeue"),
                    ("POST", "/orders/\(order)/confirm"), ("POST", "/orders/\(order)/cancel"),
                    ("POST", "/lab/naive/buy"), ("POST", "/lab/naive/reset"), ("POST", "/lab/queue/buy"),
                ] {
                    for body in Self.bodies {
                        let response = try await api.send(method, path, body, headers: admin)
                        #expect(response.status == 400, "\(method) \(path) \(body)")
                        #expect(response.text("code") == "invalid-request", "\(method) \(path) \(body)")
                    }
                }
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 1)
                #expect(try await api.sendFresh("/events/demo").integer("available") == 99)
                #expect(try await api.send("GET", "/events/new").status == 404)
            }
        }
    }
}
