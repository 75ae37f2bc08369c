import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct IdleConnectionsTests {
    private static let count = 5000

    /// Idle connections do not prevent purchases, and are closed. The API is a separate process: otherwise programs
    /// that other tests start would inherit its sockets.
    @Test func thousandsOfIdleConnectionsDoNotPreventPurchases() async throws {
        try await withTestStores { test in
            let port = try freePort()
            let api = try Run(
                "API", ["--port", String(port), "--idle-timeout", "30"],
                test.environment.merging(["DEMO": "true"]) { $1 })
            let client = HTTPClient(port: port)
            try await client.waitUntilReady { api.output }
            let idle = try await PlainSockets(Self.count, to: port)
            // If the machine stalls, Redis may not answer within the API's deadline: a client tries again then.
            let buys: @Sendable () async throws -> Bool = { try await client.send("POST", "/buy").status == 202 }
            for _ in 0..<20 { try await eventually("a purchase is accepted", buys) }
            #expect(try await idle.ended < Self.count, "the purchases took less than the idle timeout")
            try await eventually("all connections are closed", within: 240) { try await idle.ended == Self.count }
            try await eventually("a purchase is accepted afterwards", buys)
            api.signal(SIGTERM)
            #expect(try await api.exitCode() == 0)
            #expect(!api.output.contains("error"))
        }
    }
}
