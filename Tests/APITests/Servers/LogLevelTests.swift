import Foundation
import TestSupport
import Testing

/// What clients can make the API log at its default level.
@Suite(.timeLimit(.minutes(10))) struct LogLevelTests {
    private static let head = "HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n"

    /// Requests that their clients break off, or that are wrong.
    private static func faults(order: String) -> [String] {
        let routes = [
            "POST /buy", "PUT /events/x", "POST /reset", "POST /orders/\(order)/confirm",
            "POST /orders/\(order)/cancel",
            "POST /admin/reconcile", "POST /admin/dead-letters/x/requeue", "POST /lab/naive/buy", "GET /events",
        ]
        let cutOff = routes.flatMap { route in
            [
                "\(route) \(head)Content-Length: 100\r\n\r\n{\"q", "\(route) \(head)Content-Length: 100\r\n\r\n",
                "\(route) \(head)Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
                "\(route) \(head)Transfer-Encoding: chunked\r\n\r\nffff\r\n{",
                "\(route) \(head)Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            ]
        }
        let complete = [
            "nonsense\r\n\r\n", "GET /events \(head)X: \(String(repeating: "x", count: 20_000))\r\n\r\n", "GET /eve",
            "GET /events?limit=1000 \(head)\r\n", "GET /orders/\(order)?wait=30 \(head)\r\n",
            "GET /nowhere \(head)\r\n",
            "GET /admin/queue HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n\r\n",
            "POST /buy \(head)Content-Length: 2\r\n\r\n{,", "\u{16}\u{3}\u{1}\u{2}", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ]
        return cutOff + complete
    }

    /// Whether a line is above `info`. A store that misses a deadline, on a machine with too little CPU time for the tests,
    /// is not the client's doing.
    private static func wakesSomebody(_ line: String) -> Bool {
        let isAboveInfo = [" error ", " warning ", " critical "].contains { line.contains($0) }
        let stores = ["a store did not respond in time", "Redis is unavailable", "a partition is closed"]
        return isAboveInfo && !stores.contains { line.contains($0) }
    }

    @Test func clientsCannotFillTheLog() async throws {
        try await withTestStores { test in
            let port = try freePort()
            let api = try Run(
                "API", ["--port", String(port)],
                test.environment.merging(["ADMIN_TOKEN": "secret", "DEMO": "true"]) { $1 })
            let client = HTTPClient(port: port)
            try await client.waitUntilReady { api.output }
            let order = try #require(try await client.send("POST", "/buy").text("ticket_id"))
            let before = lines(of: api)
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for fault in Self.faults(order: order) {
                    for _ in 0..<8 {
                        group.addTask {
                            _ = try? await client.exchange([.send(fault)], within: .milliseconds(200))
                        }
                    }
                }
                try await group.waitForAll()
            }
            for _ in 0..<250 { _ = try await client.send("POST", "/reset") }
            // Every connection has been closed by now, and what it led to has been logged.
            let metrics = try await client.send("GET", "/metrics").body
            let cutOff = try #require(value("ticketblitz_client_faults_total{fault=\"cut-off\"}", in: metrics))
            #expect(cutOff > 150)
            #expect(try #require(value("ticketblitz_client_faults_total{fault=\"malformed\"}", in: metrics)) >= 16)
            #expect(
                try #require(value("ticketblitz_client_faults_total{fault=\"headers-too-large\"}", in: metrics)) >= 8)
            api.signal(SIGTERM)
            #expect(try await api.exitCode() == 0)
            let new = lines(of: api).dropFirst(before.count)
            #expect(new.filter(Self.wakesSomebody) == [])
            // The limits are for each minute, and the requests can take several.
            let minutes = Int((ContinuousClock.now - start) / .seconds(60)) + 2
            #expect(new.count { $0.contains("a client broke off its request") } <= 5 * minutes)
            #expect(new.contains { $0.contains("a client broke off its request") }, "the first ones are logged")
            #expect(new.count { $0.contains("event reset") } <= 60 * minutes)
            #expect(new.count < 80 * minutes, "\(new)")
        }
    }

    /// A client that has closed its side, and still reads, gets a response that says what is wrong.
    @Test func aHalfClosedClientIsAnswered() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let run = try Run(
                    URL(fileURLWithPath: "/usr/bin/python3"),
                    [
                        "-c",
                        """
                        import socket
                        s = socket.create_connection(("127.0.0.1", \(api.port)))
                        s.sendall(b"POST /reset HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 100\\r\\n\\r\\n{")
                        s.shutdown(socket.SHUT_WR)
                        print(s.recv(65536).decode())
                        """,
                    ], [:])
                #expect(try await run.exitCode() == 0)
                let text = run.output
                #expect(text.isEmpty || text == "\n" || text.contains("400 Bad Request"), "\(text)")
                #expect(!text.contains("500"))
            }
        }
    }

    private func lines(of run: Run) -> [String] { run.output.split(separator: "\n").map(String.init) }

    private func value(_ series: String, in metrics: String) -> Int? {
        metrics.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { Int($0.dropFirst(series.count + 1)) }
    }
}
