import NIOCore
import NIOEmbedded
import Testing

@testable import API

/// ``ConnectionHandler`` behind the HTTP decoder, with the bytes of HTTP/1.1.
@Suite struct ConnectionHandlerTests {
    private let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    /// A limit that does not recover during a test.
    private let few = RateLimit(interval: 3_600_000_000_000, burst: 2)

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let connection = try TestConnection(limit: few, respondsAtOnce: false)
        let head = "HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n"
        try connection.send(get + head + head + get)
        #expect(try connection.received() == "", "the refusals wait for the application")
        try connection.respond()
        let text = try connection.received()
        let responses = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
        #expect(responses.map { $0.prefix(3) } == ["200", "200", "429", "429"])
        for response in responses.dropFirst().prefix(2) { #expect(response.hasSuffix("\r\n\r\n"), "HEAD has no body") }
        #expect(connection.application.received.map(\.path) == ["/a", "/b"])
        #expect(connection.channel.isActive)
    }

    @Test func aRefusalWithConnectionCloseCloses() throws {
        let connection = try TestConnection(limit: few)
        try connection.send(get + get + "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(try connection.statuses() == [200, 200, 429])
        #expect(!connection.channel.isActive)
    }

    @Test func requestsAheadOfTheirResponsesAreLimited() throws {
        let connection = try TestConnection(limit: few, respondsAtOnce: false)
        try connection.send(String(repeating: get, count: 100))
        #expect(connection.channel.isActive)
        try connection.send(get)
        #expect(!connection.channel.isActive)
    }

    @Test func anIdleConnectionIsClosedAfterTenSeconds() throws {
        let connection = try TestConnection()
        connection.advance(7)
        try connection.send(get)
        connection.advance(9)
        try connection.send("GET /slow")
        #expect(connection.channel.isActive)
        connection.advance(1)
        #expect(!connection.channel.isActive, "bytes of an incomplete head are no activity")
    }

    @Test func aConnectionThatIsOwedAResponseStaysOpen() throws {
        let connection = try TestConnection(respondsAtOnce: false)
        try connection.send(get)
        connection.advance(100)
        #expect(connection.channel.isActive)
        try connection.respond()
        connection.advance(10)
        #expect(try connection.statuses() == [200])
        #expect(!connection.channel.isActive)
    }

    @Test func aBodyMustArriveWithinFiveSeconds() throws {
        let connection = try TestConnection()
        try connection.send("POST /buy HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        connection.advance(4)
        try connection.send("}")
        #expect(connection.channel.isActive)
        connection.advance(1)
        #expect(try connection.statuses() == [408])
        #expect(!connection.channel.isActive)
        #expect(connection.application.cutOffs == 1)
        #expect(connection.application.received.map(\.isComplete) == [false])
    }

    @Test(arguments: [
        ("nonsense\r\n\r\n", 400), ("GET / HTTP/9.9\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        // An endless header: more than the decoder's 80 KiB, which a test's connection has as the limit.
        ("GET / HTTP/1.1\r\nX: ", 431),
    ])
    func undecodableBytesAreAnsweredAndTheConnectionCloses(text: String, status: Int) throws {
        let connection = try TestConnection()
        try connection.send(text)
        if status == 431 { try connection.send(String(repeating: "x", count: 90_000)) }
        let response = try connection.received()
        #expect(response.hasPrefix("HTTP/1.1 \(status)"))
        #expect(response.contains("Connection: close"))
        #expect(!connection.channel.isActive)
        #expect(connection.application.received.allSatisfy { !$0.isComplete })
    }

    @Test func undecodableBytesCloseWhileAResponseIsOwed() throws {
        let connection = try TestConnection(respondsAtOnce: false)
        try connection.send(get + "nonsense\r\n\r\n")
        #expect(try connection.received() == "")
        #expect(!connection.channel.isActive)
        try connection.respond()
        #expect(try connection.received() == "")
    }

    @Test func aBodyThatIsCutOffIsNotComplete() throws {
        let connection = try TestConnection()
        try connection.send("POST /buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(connection.application.cutOffs == 1)
        #expect(connection.application.received.map(\.isComplete) == [false])
    }
}
