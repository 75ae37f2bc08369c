import Domain
import HTTPTypes
import NIOCore
import NIOHTTP1
import RedisSchema
import Runtime

/// Writes responses as the bytes of HTTP/1.1, for one event loop. The router's responses are written by NIO's encoder.
final class ResponseWriter {
    /// What the connection adds to a response.
    struct Context: Hashable, Sendable {
        var requestID: RequestID
        /// The client's rate limit and its standing.
        var rate: Rate?
        /// Whether the request's method is HEAD: then the response has no body.
        var isHead = false
        /// Whether the connection closes after the response.
        var closes = false
        /// Whether the body consists of chunks, of which the body of the response is the first.
        var isChunked = false

        struct Rate: Hashable, Sendable {
            var limit: RateLimit
            var standing: RateStanding
        }
    }

    /// The value of the field `Keep-Alive`.
    private let keepAlive: ByteBuffer
    private var date = ByteBuffer()
    private var dateSecond = Int64.min

    init(keepAlive: String) {
        self.keepAlive = ByteBuffer(string: keepAlive)
    }

    func write(_ response: APIResponse, _ context: Context, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeDecimal(Int(response.status.code))
        buffer.writeStaticString(" ")
        buffer.writeString(response.status.reasonPhrase)
        if let order = response.location {
            buffer.writeStaticString("\r\nLocation: /orders/")
            buffer.write(order)
        }
        if let seconds = response.retryAfterSeconds {
            buffer.writeStaticString("\r\nRetry-After: ")
            buffer.writeDecimal(seconds)
        }
        if response.isReplay { buffer.writeStaticString("\r\nIdempotent-Replayed: true") }
        if let seconds = response.appliedWait {
            buffer.writeStaticString("\r\nPreference-Applied: wait=")
            buffer.writeDecimal(seconds)
        }
        for field in response.otherFields { write(field.name.rawName, field.value, to: &buffer) }
        if let rate = context.rate {
            for (name, value) in rate.limit.fields(rate.standing) { write(name.rawName, value, to: &buffer) }
        }
        if context.closes {
            buffer.writeStaticString("\r\nConnection: close")
        } else {
            buffer.writeStaticString("\r\nConnection: keep-alive\r\nKeep-Alive: ")
            buffer.writeImmutableBuffer(keepAlive)
        }
        buffer.writeStaticString("\r\nCache-Control: ")
        buffer.writeString(response.caching.rawValue)
        if let tag = response.entityTag { write("ETag", tag, to: &buffer) }
        if response.hasBody {
            buffer.writeStaticString("\r\nContent-Type: ")
            buffer.writeString(response.contentType.rawValue)
            if context.isChunked {
                buffer.writeStaticString("\r\nTransfer-Encoding: chunked")
            } else if response.live == nil {
                buffer.writeStaticString("\r\nContent-Length: ")
                buffer.writeDecimal(response.body.readableBytes)
            }
        }
        buffer.writeStaticString("\r\nX-Request-Id: ")
        context.requestID.write(to: &buffer)
        buffer.writeStaticString("\r\nDate: ")
        updateDate()
        buffer.writeImmutableBuffer(date)
        buffer.writeStaticString("\r\n\r\n")
        guard !context.isHead else { return }
        buffer.writeImmutableBuffer(context.isChunked ? LiveMessage(response.body).chunk : response.body)
    }

    /// The values come from this program, so they contain no line breaks.
    private func write(_ name: String, _ value: String, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("\r\n")
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        buffer.writeString(value)
    }

    private func updateDate() {
        let now = Timestamp.now
        guard now.milliseconds / 1000 != dateSecond else { return }
        dateSecond = now.milliseconds / 1000
        date.clear()
        date.writeHTTPDate(now)
    }
}
