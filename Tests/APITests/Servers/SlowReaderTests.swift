import TestSupport
import Testing

@testable import API

/// Clients that read responses slowly, or not at all.
@Suite(.timeLimit(.minutes(10))) struct SlowReaderTests {
    private static let count = 100
    private static let requests = String(repeating: "GET /openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n", count: count)

    @Test func aSlowReaderReceivesEverything() async throws {
        try await withTestStores { test in
            try await test.withAPI(change: { $0.idleTimeout = 2 }) { api in
                let all = Self.count * (try await api.send("GET", "/openapi.yaml").body.utf8.count)
                var received = 0
                // If the machine keeps this client from reading for half the timeout, the connection may end rightly.
                var wasHeldUp = true
                for _ in 0..<5 where wasHeldUp && received < all {
                    (received, wasHeldUp) = try await read(all, from: api.port)
                }
                #expect(received >= all, "\(received) bytes of \(all)")
            }
        }
    }

    /// Reads for longer than the idle timeout of 2 s: about a megabyte a second.
    ///
    /// - Returns: the bytes, and whether a second passed between two reads.
    private func read(_ all: Int, from port: Int) async throws -> (received: Int, wasHeldUp: Bool) {
        let sockets = try await PlainSockets(1, to: port, receiveBuffer: 16 * 1024)
        try await sockets.send(Self.requests)
        var (received, longest) = (0, Duration.zero)
        for _ in 0..<2000 where received < all {
            let began = ContinuousClock.now
            let part = try await sockets.receive(upTo: 20_000)
            if part == 0, longest > .seconds(1) { break }
            received += part
            try await Task.sleep(for: .milliseconds(10))
            longest = max(longest, ContinuousClock.now - began)
        }
        return (received, longest > .seconds(1))
    }

    @Test func aReaderThatTakesNothingIsClosed() async throws {
        try await withTestStores { test in
            try await test.withAPI(change: { $0.idleTimeout = 2 }) { api in
                let sockets = try await PlainSockets(10, to: api.port, receiveBuffer: 2048)
                for _ in 0..<5 { try await sockets.send(Self.requests) }
                // A closed connection keeps what has arrived; then it ends.
                try await eventually("the connections are reset", within: 30) { try await sockets.ended == 10 }
            }
        }
    }
}
