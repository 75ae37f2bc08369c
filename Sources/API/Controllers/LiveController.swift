import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Streams of server-sent events, in the forms that a connection does not answer itself (see ``LiveRequest``).
struct LiveController: Sendable {
    let responders: DirectResponders

    /// `GET /live`
    func eventsOnSale(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        await respond(to: .eventsOnSale, request, context)
    }

    /// `GET /events/{id}/live`
    func event(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let id = try EventID(checked: context.parameters.get("id") ?? "", field: "id")
        return await respond(to: .event(id), request, context)
    }

    /// `GET /orders/{id}/live`
    func order(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        await respond(to: .order(try OrdersController.orderID(context)), request, context)
    }

    private func respond(
        to subject: LiveSubject, _ request: Request, _ context: APIRequestContext
    ) async -> Response {
        let wanted = LiveRequest(subject, lastID: request.headers[.lastEventID])
        let response = await responders.response(to: .live(wanted), peer: context.peer, id: context.requestID)
        guard let start = response.live else { return Response(response) }
        var headers: HTTPFields = response.otherFields
        headers[.contentType] = response.contentType.rawValue
        headers[.cacheControl] = response.caching.rawValue
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await writer.write(response.body)
                if let first = start.first { try await writer.write(first.text) }
                if !start.isComplete {
                    let parts = StreamSink.parts(of: start, from: responders)
                    for await part in parts.stream {
                        try await writer.write(part)
                        parts.sink.taken()
                    }
                }
                try await writer.finish(nil)
            })
    }
}

/// A stream that a task writes.
private final class StreamSink: LiveSink, Sendable {
    private let continuation: AsyncStream<ByteBuffer>.Continuation
    private let isTaken = Atomic(true)

    private init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

    /// The parts of a stream after the first one. The stream ends when nobody reads the parts any more.
    static func parts(
        of start: LiveStart, from responders: DirectResponders
    ) -> (sink: StreamSink, stream: AsyncStream<ByteBuffer>) {
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        let sink = StreamSink(continuation)
        let end = responders.begin(start, sink)
        continuation.onTermination = { _ in end() }
        return (sink, stream)
    }

    func taken() { isTaken.store(true, ordering: .relaxed) }

    var takesMore: Bool { isTaken.load(ordering: .relaxed) }

    func send(_ message: LiveMessage) {
        isTaken.store(false, ordering: .relaxed)
        continuation.yield(message.text)
    }

    func end(reconnects: Bool) {
        if reconnects { continuation.yield(LiveMessage.retry(in: 1000...5000).text) }
        continuation.finish()
    }

    /// The connection is closed by its own time limit.
    func cutOff() { continuation.finish() }
}

extension HTTPField.Name {
    // Constants; they are valid tokens (RFC 9110).
    static let lastEventID = Self("Last-Event-ID").unsafelyUnwrapped
}
