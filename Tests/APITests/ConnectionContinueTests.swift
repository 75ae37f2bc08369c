import NIOHTTP1
import Testing

@testable import API

/// Clients that wait for `100 Continue` (RFC 9110, section 10.1.1).
@Suite struct ConnectionContinueTests {
    private static let head =
        "POST /buy HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"

    private func refusing(_ problem: Problem) throws -> TestConnection {
        try TestConnection(responder: TestResponder(), preflight: { _ in problem })
    }

    @Test func theClientIsToldToContinueAtOnce() throws {
        let connection = try TestConnection(responder: TestResponder())
        try connection.send(Self.head)
        #expect(try connection.received() == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.send("{}")
        #expect(try connection.statuses() == [202])
    }

    @Test func aRequestForTheApplicationToo() throws {
        let connection = try TestConnection()
        try connection.send("PUT /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(try connection.received() == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.send("2\r\n{}\r\n0\r\n\r\n")
        #expect(try connection.received().hasSuffix("PUT /a {}"))
    }

    @Test func aBodyThatHasArrivedNeedsNoContinue() throws {
        let connection = try TestConnection(responder: TestResponder())
        try connection.send("GET /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n")
        #expect(try connection.statuses() == [200], "a request without a body")
        try connection.send("POST /buy HTTP/1.0\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(try connection.received() == "", "HTTP/1.0 does not know it")
    }

    @Test func continueWaitsForEarlierResponses() throws {
        let responder = TestResponder(respondsAtOnce: false)
        let connection = try TestConnection(responder: responder)
        try connection.send("POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" + Self.head)
        #expect(try connection.received() == "")
        responder.respond()
        let text = try connection.received()
        #expect(text.hasPrefix("HTTP/1.1 202"))
        #expect(text.hasSuffix("HTTP/1.1 100 Continue\r\n\r\n"))
        connection.advance(4)
        try connection.send("{}")
        responder.respond()
        #expect(try connection.statuses() == [202])
    }

    @Test func aRefusalComesInsteadOfContinueAndCloses() throws {
        let connection = try refusing(.bodyTooLarge(4096))
        try connection.send(Self.head)
        let text = try connection.received()
        #expect(text.hasPrefix("HTTP/1.1 413"))
        #expect(text.contains("Connection: close"))
        #expect(!connection.channel.isActive)
    }

    @Test func aRefusalWaitsForEarlierResponses() throws {
        let responder = TestResponder(respondsAtOnce: false)
        let connection = try TestConnection(responder: responder, preflight: { _ in .routeNotFound })
        try connection.send(
            "POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" + Self.head + "{}" + Self.head)
        #expect(try connection.received() == "")
        responder.respond()
        #expect(try connection.statuses() == [202, 404], "later requests are not answered")
        #expect(!connection.channel.isActive)
    }

    @Test func aClientAboveItsRateLimitIsRefusedWithoutTheBody() throws {
        let connection = try TestConnection(limit: RateLimit(interval: 3_600_000_000_000, burst: 1))
        try connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n" + Self.head)
        #expect(try connection.statuses() == [200, 429])
        #expect(!connection.channel.isActive)
    }

    @Test(arguments: [
        ("POST", "/nowhere", "2", "application/json", 404), ("GET", "/buy", "2", "application/json", 405),
        ("POST", "/buy", "4097", "application/json", 413), ("POST", "/buy", "2", "text/plain", 415),
        ("POST", "http://x/buy", "2", "application/json", nil),
        ("PUT", "/events/a", "4097", "application/json", nil), ("PUT", "/events/a", "65537", "application/json", 413),
        ("POST", "/buy", "2", "application/json; charset=utf-8", nil),
        ("POST", "/buy?x=1", "4096", "application/json", nil),
    ])
    func theHeadDecides(method: String, path: String, length: String, type: String, status: Int?) {
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method), uri: path,
            headers: ["Host": "x", "Content-Length": length, "Content-Type": type])
        #expect(RouteTable(includesLab: false).preflight(head)?.code.status.code == status)
    }
}
