import Foundation
import NIOCore
import NIOPosix

/// A client that reads a stream of server-sent events.
package final class LiveReader {
    package struct Message: Sendable {
        package var name = "message"
        package var id: String?
        package var data: String?
        package var retry: Int?

        /// The data as a JSON object.
        package var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data((data ?? "").utf8))) as? [String: Any] ?? [:]
        }

        package func text(_ field: String) -> String? { json[field] as? String }
        package func integer(_ field: String) -> Int? { json[field] as? Int }
    }

    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    /// What has been received, as it was sent.
    package private(set) var received = ""
    /// Bytes of the body that are not read as messages yet, without the framing of chunks.
    private var text = ""
    private var raw = ""
    private var hasHead = false
    private var isChunked = false
    /// Whether the last chunk has been received.
    package private(set) var isComplete = false

    fileprivate init(_ stream: NIOAsyncChannelInboundStream<ByteBuffer>) { iterator = stream.makeAsyncIterator() }

    /// The response's head, with the status line.
    package func head() async throws -> String {
        while !received.contains("\r\n\r\n"), try await more() {}
        return received.components(separatedBy: "\r\n\r\n")[0]
    }

    /// The next block of the stream that is not a comment; nil if the response has ended.
    package func next() async throws -> Message? {
        while let lines = try await block() { if !Self.isComment(lines) { return Self.message(lines) } }
        return nil
    }

    /// The next message with data that meets a condition.
    package func next(where condition: (Message) -> Bool) async throws -> Message {
        while let message = try await next() { if message.data != nil, condition(message) { return message } }
        throw GaveUp(description: "the stream has ended: \(received.suffix(500))")
    }

    /// Reads until the next comment.
    package func comment() async throws {
        while let lines = try await block() { if Self.isComment(lines) { return } }
        throw GaveUp(description: "the stream has ended: \(received.suffix(500))")
    }

    /// The lines of the next block; nil if the response has ended.
    private func block() async throws -> [Substring]? {
        while true {
            if let end = text.range(of: "\n\n") {
                let lines = text[..<end.lowerBound].split(separator: "\n")
                text.removeSubrange(..<end.upperBound)
                return lines
            }
            guard !isComplete, try await more() else { return nil }
        }
    }

    private static func isComment(_ lines: [Substring]) -> Bool { lines.allSatisfy { $0.hasPrefix(":") } }

    /// Reads until the server closes the connection.
    package func rest() async throws {
        while try await next() != nil {}
        while try await more() {}
    }

    private func more() async throws -> Bool {
        guard let part = try await iterator.next() else { return false }
        let bytes = String(buffer: part)
        received += bytes
        raw += bytes
        if !hasHead, let end = raw.range(of: "\r\n\r\n") {
            hasHead = true
            isChunked = raw[..<end.lowerBound].lowercased().contains("transfer-encoding: chunked")
            raw.removeSubrange(..<end.upperBound)
        }
        guard hasHead else { return true }
        guard isChunked else {
            text += raw
            raw = ""
            return true
        }
        // The texts of these tests are ASCII, so that characters are bytes. CRLF is one Character.
        while let end = raw.range(of: "\r\n"), let size = Int(raw[..<end.lowerBound], radix: 16) {
            let body = Array(raw[end.upperBound...].utf8)
            guard body.count >= size + 2 else { break }
            text += String(decoding: body[..<size], as: UTF8.self)
            raw = String(decoding: body[(size + 2)...], as: UTF8.self)
            if size == 0 { isComplete = true }
        }
        return true
    }

    private static func message(_ lines: [Substring]) -> Message {
        var message = Message()
        for line in lines {
            let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "id": message.id = parts[1]
            case "event": message.name = parts[1]
            case "data": message.data = parts[1]
            case "retry": message.retry = Int(parts[1])
            default: break
            }
        }
        return message
    }

    /// Opens a stream, runs `body`, and closes the connection.
    package static func open<Value>(
        _ path: String, on port: Int, version: String = "1.1", headers: [String: String] = [:],
        within limit: Duration = .seconds(120), _ body: (LiveReader) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let timeout = Task {
            try await Task.sleep(for: limit)
            try await channel.channel.close()
        }
        defer { timeout.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            let fields = headers.map { "\($0): \($1)\r\n" }.joined()
            try await outbound.write(
                ByteBuffer(string: "GET \(path) HTTP/\(version)\r\nHost: localhost\r\n\(fields)\r\n"))
            return try await body(LiveReader(inbound))
        }
    }
}

extension HTTPClient {
    /// Opens a stream of server-sent events, runs `body`, and closes the connection.
    package func watch<Value>(
        _ path: String, version: String = "1.1", headers: [String: String] = [:],
        within limit: Duration = .seconds(120),
        _ body: (LiveReader) async throws -> Value
    ) async throws -> Value {
        try await LiveReader.open(path, on: port, version: version, headers: headers, within: limit, body)
    }
}
