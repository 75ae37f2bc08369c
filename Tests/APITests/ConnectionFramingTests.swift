import NIOHTTP1
import Testing

@testable import API

/// What a request's head says about its connection: `Connection`, `Host`, HTTP/1.0, ids.
@Suite struct ConnectionFramingTests {
    private func connection(after request: String) throws -> (text: String, isOpen: Bool) {
        let connection = try TestConnection(responder: TestResponder())
        try connection.send(request)
        return (try connection.received(), connection.channel.isActive)
    }

    @Test(
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
            ("HTTP/1.1", "Connection: Close\r\n", false), ("HTTP/1.1", "Connection: TE, close\r\n", false),
            ("HTTP/1.1", "connection: CLOSE , TE\r\n", false), ("HTTP/1.1", "Connection: closed\r\n", true),
            ("HTTP/1.1", "Connection: TE\r\nConnection: close\r\n", false),
            ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
            ("HTTP/1.0", "Connection: te, keep-alive\r\n", true), ("HTTP/1.0", "Connection: close\r\n", false),
        ], ["GET /a", "POST /buy"])
    func theConnectionStaysAsTheClientAsks(of form: (version: String, fields: String, stays: Bool), line: String) throws
    {
        let (text, isOpen) = try connection(after: "\(line) \(form.version)\r\nHost: x\r\n\(form.fields)\r\n")
        #expect(isOpen == form.stays)
        #expect(text.lowercased().contains("connection: keep-alive\r\n") == form.stays)
        #expect(text.contains("Keep-Alive: timeout=") == form.stays)
        #expect(text.lowercased().contains("connection: close\r\n") == !form.stays)
    }

    @Test(
        arguments: [
            ("HTTP/1.1", "Host: x", true), ("HTTP/1.1", "Host:", true), ("HTTP/1.1", "Host: x.example:80", true),
            ("HTTP/1.1", "Host: [2001:db8::1]:9090", true), ("HTTP/1.1", "host: 192.0.2.1:", true),
            ("HTTP/1.1", "X: y", false), ("HTTP/1.1", "Host: x\r\nHost: x", false), ("HTTP/1.1", "Host: a b", false),
            ("HTTP/1.1", "Host: x/y", false), ("HTTP/1.1", "Host: u@x", false), ("HTTP/1.1", "Host: x:8x", false),
            ("HTTP/1.1", "Host: [::1", false), ("HTTP/1.1", "Host: x, y/z", false),
            ("HTTP/1.1", "Host: http://x", false),
            ("HTTP/1.0", "X: y", true), ("HTTP/1.0", "Host: x\r\nHost: y", false),
        ], ["GET /a", "POST /buy"])
    func exactlyOneValidHostIsRequired(of form: (version: String, fields: String, isValid: Bool), line: String) throws {
        let (text, isOpen) = try connection(after: "\(line) \(form.version)\r\n\(form.fields)\r\n\r\n")
        #expect(text.hasPrefix("HTTP/1.1 400") == !form.isValid)
        #expect(isOpen == (form.isValid && form.version == "HTTP/1.1"))
    }

    @Test func aResponseIsOwedAlthoughBytesFollowTheLastRequest() throws {
        let responder = TestResponder(respondsAtOnce: false)
        let connection = try TestConnection(responder: responder)
        try connection.send("POST /buy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nPOST /buy HTTP/1.1\r\n")
        responder.respond()
        #expect(try connection.statuses() == [202])
    }

    @Test(arguments: [
        ("X-Request-Id: abc-1:2", "abc-1:2"),
        ("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("X-Request-Id: a\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a"),
        ("X-Request-Id: a b", nil), ("X-Request-Id: a\"b", nil), ("X-Request-Id: ", nil),
        ("X-Request-Id: \(String(repeating: "a", count: 129))", nil),
        ("traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", nil),
        ("traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01", nil),
        ("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", nil),
        ("traceparent: ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", nil),
        ("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", nil),
    ])
    func aWellFormedIdIsUsed(fields: String, id: String?) throws {
        let (text, _) = try connection(after: "POST /buy HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n")
        let line = try #require(text.split(separator: "\r\n").first { $0.hasPrefix("X-Request-Id: ") })
        let value = line.dropFirst("X-Request-Id: ".count)
        if let id { #expect(value == id) } else { #expect(value.count == 32) }
    }

    @Test(arguments: [
        ("/orders/x/", "/orders/x"), ("//orders//x", "/orders/x"), ("/%6Frders/%78", "/orders/x"),
        ("/orders/x?", "/orders/x"),
        ("/events/?limit=1", "/events?limit=1"), ("/a%2Fb", nil), ("/a%20b", nil), ("/a/../b", nil), ("/", nil),
        ("/a?b=//", nil),
        ("//", "/"), ("/%2e%2e/a", "/../a"), ("/a%", nil), ("/a%+1", nil), ("/a?b=%41", nil), ("http://x//a", nil),
        ("/?", "/"),
    ])
    func pathsHaveOneSpelling(target: String, path: String?) {
        #expect(RequestPath.standard(target) == path)
    }

    @Test func everyRouteSeesTheSamePath() throws {
        let connection = try TestConnection(responder: TestResponder())
        try connection.send("GET //a/%62/? HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try connection.received().hasSuffix("GET /a/b "))
        try connection.send("POST /%62uy/ HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try connection.received().hasSuffix("bought "), "answered by the connection")
    }
}
