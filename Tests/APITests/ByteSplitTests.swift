import NIOCore
import NIOHTTP1
import Testing

@testable import API

/// How a stream of requests is divided into reads must not matter.
@Suite struct ByteSplitTests {
    private static let stream = Array(
        """
        GET /a HTTP/1.1\r
        Host: x\r
        \r
        POST /buy HTTP/1.1\r
        Host: x\r
        Content-Length: 14\r
        \r
        {"quantity":2}HEAD /b HTTP/1.1\r
        Host: x\r
        \r
        POST /c HTTP/1.1\r
        Host: x\r
        Transfer-Encoding: chunked\r
        \r
        3\r
        abc\r
        2\r
        de\r
        0\r
        \r
        GET /d HTTP/1.1\r
        Host: x\r
        \r
        POST /refused HTTP/1.1\r
        Host: x\r
        Content-Length: 2\r
        \r
        {}HEAD /refused HTTP/1.1\r
        Host: x\r
        \r

        """.utf8)
    private static let garbage = Array("GARBAGE\r\n\r\n".utf8)

    private struct Outcome: Hashable {
        var written: String
        var received: [TestApplication.Received]
        var isOpen: Bool
        var isOpenAtLast: Bool
        var cutOffs: Int

        var statuses: [String] { written.matches(of: /HTTP\/1\.1 (\d{3})/).map { String($0.1) } }
    }

    private func outcome(
        of reads: [ArraySlice<UInt8>], respondsAtOnce: Bool, responder: TestResponder? = nil
    ) throws -> Outcome {
        // The first five requests are served, the other two are refused.
        let limit = RateLimit(interval: 3_600_000_000_000, burst: 5)
        let connection = try TestConnection(limit: limit, respondsAtOnce: respondsAtOnce, responder: responder)
        for read in reads { try connection.send(read) }
        responder?.respond()
        try connection.respond()
        let isOpen = connection.channel.isActive
        connection.advance(10)
        return Outcome(
            written: try connection.received().withoutIdentity, received: connection.application.received,
            isOpen: isOpen,
            isOpenAtLast: connection.channel.isActive, cutOffs: connection.application.cutOffs)
    }

    @Test(arguments: [true, false]) func everySplitHasTheSameOutcome(respondsAtOnce: Bool) throws {
        let whole = try outcome(of: [Self.stream[...]], respondsAtOnce: respondsAtOnce)
        let statuses = whole.written.matches(of: /HTTP\/1\.1 (\d{3})/).map { String($0.1) }
        #expect(statuses == ["200", "200", "200", "200", "200", "429", "429"])
        #expect(whole.received.map(\.body) == ["", #"{"quantity":2}"#, "", "abcde", ""])
        #expect(whole.received.allSatisfy { $0.isComplete })
        #expect(whole.isOpen)
        #expect(!whole.isOpenAtLast)
        #expect(whole.cutOffs == 0)
        for index in Self.stream.indices.dropFirst() {
            let reads = [Self.stream[..<index], Self.stream[index...]]
            #expect(try outcome(of: reads, respondsAtOnce: respondsAtOnce) == whole, "split at byte \(index)")
        }
        let bytes = Self.stream.indices.map { Self.stream[$0...$0] }
        #expect(try outcome(of: bytes, respondsAtOnce: respondsAtOnce) == whole, "one byte a read")
    }

    /// The second request is answered by the connection, at once or after everything has arrived.
    @Test(arguments: [true, false]) func everySplitHasTheSameOutcomeIfTheConnectionAnswers(atOnce: Bool) throws {
        func outcome(of reads: [ArraySlice<UInt8>]) throws -> Outcome {
            try self.outcome(of: reads, respondsAtOnce: true, responder: TestResponder(respondsAtOnce: atOnce))
        }
        let stream = Array(
            """
            POST /buy HTTP/1.1\r
            Host: x\r
            Content-Length: 14\r
            \r
            {"quantity":2}POST /buy HTTP/1.1\r
            Host: x\r
            \r
            GET /a HTTP/1.1\r
            Host: x\r
            \r
            POST /buy HTTP/1.1\r
            Host: x\r
            Transfer-Encoding: chunked\r
            \r
            2\r
            {}\r
            0\r
            \r
            POST /buy HTTP/1.1\r
            Host: x\r
            \r
            POST /buy HTTP/1.1\r
            Host: x\r
            \r

            """.utf8)
        let whole = try outcome(of: [stream[...]])
        #expect(whole.statuses.count == 6)
        #expect(whole.statuses.prefix(2) == ["202", "202"])
        #expect(whole.statuses.last == "429")
        #expect(whole.written.contains(#"bought {"quantity":2}"#))
        for index in stream.indices.dropFirst() {
            let split = try outcome(of: [stream[..<index], stream[index...]])
            #expect(split.statuses == whole.statuses, "split at byte \(index)")
            #expect(split.isOpen == whole.isOpen)
        }
    }

    @Test func everySplitBeforeUndecodableBytesHasTheSameOutcome() throws {
        let stream = Self.stream + Self.garbage
        let whole = try outcome(of: [stream[...]], respondsAtOnce: true)
        #expect(whole.written.contains("HTTP/1.1 400"))
        #expect(!whole.isOpen)
        for index in stream.indices.dropFirst() {
            #expect(try outcome(of: [stream[..<index], stream[index...]], respondsAtOnce: true) == whole, "\(index)")
        }
    }
}

extension String {
    /// Without the fields of a response that are never the same: its id and its time.
    fileprivate var withoutIdentity: String {
        replacing(/(X-Request-Id|Date): [^\r]*\r\n/, with: "")
    }
}
