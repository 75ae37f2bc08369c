import NIOCore
import TestSupport
import Testing

@testable import API

/// A connection that receives random bytes: valid requests, damaged ones, and everything between, in random pieces.
@Suite(.timeLimit(.minutes(10))) struct ConnectionFuzzTests {
    private static let requests = [
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "POST /buy HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4 HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
        "POST /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
        "GET /d HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "POST /buy HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}",
    ].map { Array($0.utf8) }
    private static let tokens = [
        "\r\n", "\n", " ", ":", "0", "5", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1",
        "POST ",
    ].map { Array($0.utf8) }

    private struct Outcome: Hashable {
        var statuses: [Int]
        var received: [TestApplication.Received]
        var cutOffs: Int
        var isOpen: Bool
    }

    private func outcome(of reads: [ArraySlice<UInt8>]) throws -> Outcome {
        let connection = try TestConnection(responder: TestResponder())
        for read in reads { try connection.send(read) }
        let application = connection.application
        return Outcome(
            statuses: try connection.statuses(), received: application.received, cutOffs: application.cutOffs,
            isOpen: connection.channel.isActive)
    }

    @Test func everyDivisionOfAStreamHasTheSameResponses() async throws {
        try await fuzz("connections", inputs: 3_000) { input in
            var stream: [UInt8] = []
            for _ in 0..<input.int(1...5) { stream += input.pick(Self.requests) }
            if input.oneIn(2) { stream = input.mutated(stream, with: Self.tokens) }
            let whole = try outcome(of: [stream[...]])
            let divided = try outcome(of: input.pieces(of: stream))
            try require(divided.statuses == whole.statuses, "\(divided.statuses), but \(whole.statuses) as a whole")
            try require(divided.isOpen == whole.isOpen, "open: \(divided.isOpen), but \(whole.isOpen) as a whole")
            // Of a request that is not complete, the application can have received more or less.
            let complete = [whole, divided].map { $0.received.filter(\.isComplete) }
            try require(complete[0] == complete[1], "the application received other requests")
        }
    }
}
