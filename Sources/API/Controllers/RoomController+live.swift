import HTTPTypes
import Hummingbird
import NIOCore
import Runtime

/// Streams of server-sent events of places.
extension RoomController {
    private static let liveInterval = Duration.seconds(1)
    /// Looks without a change after which a comment tells the client, and proxies, that the connection is alive.
    private static let quietLooks = 15

    /// `GET /room/{place}/live`: the place at once, and then whenever the response to `GET /room/{place}` is another one, once a
    /// second at most. The stream ends after a state that does not change any more.
    func live(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let text = context.parameters.get("place") ?? ""
        let first = try await rooms.standing(of: text)
        guard let place = waits.take(context.channel) else { throw Problem.roomBusy }
        let headers: HTTPFields = [
            .contentType: APIResponse.ContentType.events.rawValue,
            .cacheControl: APIResponse.Caching.none.rawValue,
            // For proxies that collect responses, such as nginx.
            .accelBuffering: "no",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await writer.write(LiveMessage.retry(in: 1000...3000).text)
                try await send(first, of: text, while: place, to: &writer)
                try await writer.finish(nil)
            })
    }

    private func send(
        _ first: Rooms.Standing, of text: String, while place: LongResponses.Place,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var (standing, sent, quiet) = (first, ByteBuffer(), 0)
        while true {
            let body = try JSONObject(standing, signedBy: rooms.signer).bytes
            if body != sent {
                try await writer.write(.serverSentEvent(body))
                (sent, quiet) = (body, 0)
            } else if quiet >= Self.quietLooks {
                try await writer.write(LiveMessage.comment.text)
                quiet = 0
            }
            guard standing.state.secondsToNextLook != nil else { return }
            try await Task.sleep(for: Self.liveInterval)
            if waits.isClosing { return try await writer.write(LiveMessage.retry(in: 1000...5000).text) }
            quiet += 1
            // While a store does not respond, the client keeps what it has.
            if let next = try? await rooms.standing(of: text) { standing = next }
        }
    }
}
