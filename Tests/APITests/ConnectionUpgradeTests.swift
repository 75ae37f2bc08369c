import TestSupport
import Testing

@testable import API

/// Requests that ask for another protocol leave an HTTP/1.1 connection (RFC 9110, section 7.8).
@Suite(.timeLimit(.minutes(10))) struct ConnectionUpgradeTests {
    private static let next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"

    private func statuses(of texts: [String]) throws -> [Int] {
        let connection = try TestConnection(responder: TestResponder())
        for text in texts { try connection.send(text) }
        return try connection.statuses()
    }

    @Test(arguments: [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
        "Connection: upgrade\r\nUpgrade: websocket", "Connection: UPGRADE\r\nUpgrade: TLS/1.0, HTTP/2.0",
        "Connection: \tupgrade \t,foo\r\nUpgrade: x", "Upgrade: x\r\nConnection: foo\r\nConnection: Upgrade",
        "Upgrade: h2c", "Connection: Upgrade",
    ])
    func theNextRequestIsAnswered(fields: String) throws {
        let buy = "POST /buy HTTP/1.1\r\nHost: x\r\n\(fields)\r\nContent-Length: 2\r\n\r\n{}"
        let get = "GET /a HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n"
        #expect(try statuses(of: [get, Self.next]) == [200, 200], "in a later read")
        #expect(try statuses(of: [get + Self.next]) == [200, 200], "in the same read")
        #expect(try statuses(of: [get + get + buy + Self.next]).count == 4, "more than once, and with a body")
    }

    /// Whether NIO's decoder stops after a request decides its parser; whether it is replaced, ``RequestDecoder``.
    @Test func everyFormOfTheFieldIsReadAsTheParserReadsIt() async throws {
        let pieces = [
            "upgrade", "Upgrade", "UPGRADE", "upgrad", "upgrades", "close-not", "keep-alive", ",", ", ", " ", "\t", ";",
            "=",
        ]
        try await fuzz("upgrades", inputs: 2_000) { input in
            var value = ""
            for _ in 0..<input.int(0...6) { value += input.pick(pieces) }
            let request = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: \(value)\r\nUpgrade: x\r\n\r\n"
            let statuses = try statuses(of: [request + Self.next])
            try require(statuses == [200, 200], "\(statuses) after 'Connection: \(value)'")
        }
    }

    @Test func connectIsRefusedAndTheConnectionCloses() throws {
        let connection = try TestConnection(responder: TestResponder())
        try connection.send("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n")
        #expect(try connection.statuses() == [404])
        #expect(!connection.channel.isActive)
    }
}
