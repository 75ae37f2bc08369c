import Domain
import NIOCore

/// A part of a stream, encoded once for all clients that get it: their connections share its bytes.
struct LiveMessage: Hashable, Sendable {
    /// As it is sent with HTTP/1.0, which ends a body by closing the connection.
    let text: ByteBuffer
    /// As a chunk of HTTP/1.1 (RFC 9112, section 7.1).
    let chunk: ByteBuffer

    init(_ text: ByteBuffer) {
        self.text = text
        var chunk = ByteBufferAllocator().buffer(capacity: text.readableBytes + 16)
        chunk.writeString(String(text.readableBytes, radix: 16))
        chunk.writeStaticString("\r\n")
        chunk.writeImmutableBuffer(text)
        chunk.writeStaticString("\r\n")
        self.chunk = chunk
    }

    /// Tells the client, and proxies, that the connection is alive.
    static let comment = LiveMessage(ByteBuffer(string: ":\n\n"))

    /// The end of a body of chunks.
    static let lastChunk = ByteBuffer(string: "0\r\n\r\n")

    /// Tells the client when to connect again. The times differ, so that the clients of a service that stops do not all come
    /// back at the same moment.
    static func retry(in milliseconds: ClosedRange<Int>) -> LiveMessage {
        LiveMessage(ByteBuffer(string: "retry: \(Int.random(in: milliseconds))\n\n"))
    }
}

/// A state of what clients watch.
struct LiveUpdate: Sendable {
    /// A later update of the same subject has a higher number.
    let number: Int
    /// The same state has the same id in every process.
    let id: String
    /// For a client that knows nothing.
    let whole: LiveMessage
    /// What is different from an earlier state, for a client that has received that.
    var change: (from: String, message: LiveMessage)?

    func message(after id: String?) -> LiveMessage {
        if let change, change.from == id { change.message } else { whole }
    }
}

extension LiveUpdate {
    init(_ view: EventView) {
        self.init(
            number: view.number, id: view.liveID, whole: LiveMessage(.serverSentEvent(view.body, id: view.liveID)))
    }

    init(_ order: Order, number: Int) {
        let body = APIResponse.document(of: order)
        let id = EntityTag.hexadecimal(of: body)
        self.init(number: number, id: id, whole: LiveMessage(.serverSentEvent(body, id: id)))
    }

    /// The message that is the last one of an event.
    static func deleted(_ id: EventID) -> LiveMessage {
        LiveMessage(.serverSentEvent(ByteBuffer(string: "{\"id\":\"\(id)\"}"), name: "deleted"))
    }
}

extension EventView {
    /// The entity tag without its quotation marks.
    var liveID: String { String(tag.dropFirst().dropLast()) }
}

extension ByteBuffer {
    /// An event as the HTML standard defines it (section 9.2, server-sent events).
    ///
    /// - Parameters:
    ///   - data: without line breaks.
    ///   - name: nil for `message`.
    static func serverSentEvent(_ data: ByteBuffer, name: StaticString? = nil, id: String? = nil) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeServerSentEvent(data, name: name, id: id)
        return buffer
    }

    mutating func writeServerSentEvent(_ data: ByteBuffer, name: StaticString? = nil, id: String? = nil) {
        if let id { writeString("id: \(id)\n") }
        if let name {
            writeStaticString("event: ")
            writeStaticString(name)
            writeStaticString("\n")
        }
        writeStaticString("data: ")
        writeImmutableBuffer(data)
        writeStaticString("\n\n")
    }
}
