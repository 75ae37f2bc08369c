import HTTPTypes
import Hummingbird
import NIOCore

/// The state of the service and its last ten minutes, for operators. Both routes require the admin token.
struct OverviewController: Sendable {
    /// The send buffer of the system for a stream, in bytes: a client that does not read costs no more.
    private static let sendBuffer: SocketOptionValue = 16 * 1024

    let access: AdminAccess
    let reader: OverviewReader
    let feed: OverviewFeed

    /// `GET /admin/overview`
    func overview(_ request: Request) async throws -> Response {
        _ = try access.viewer(request)
        return .json(try await reader.current().document())
    }

    /// `GET /admin/overview/live`: the overview at once, with all samples, and then once a second with the newest two.
    func live(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try access.viewer(request)
        guard let place = feed.places.take(context.channel) else {
            throw Problem.noPlace(.tooManyViewers, feed.places)
        }
        var first = LiveMessage.retry(in: 1000...3000).text
        first.writeImmutableBuffer(OverviewFeed.message(try await reader.current()))
        let (beginning, feed) = (first, feed)
        let headers: HTTPFields = [
            .contentType: APIResponse.ContentType.events.rawValue,
            .cacheControl: APIResponse.Caching.none.rawValue,
            // For proxies that collect responses, such as nginx.
            .accelBuffering: "no",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try? await place.channel.setOption(.socketOption(.so_sndbuf), value: Self.sendBuffer).get()
                let (viewer, messages) = await feed.begin(place)
                do {
                    try await writer.write(beginning)
                    for await message in messages {
                        try await writer.write(message)
                        viewer.taken()
                    }
                    await feed.leave(viewer)
                } catch {
                    await feed.leave(viewer)
                    throw error
                }
                try await writer.finish(nil)
            })
    }
}
