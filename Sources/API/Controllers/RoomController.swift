import Domain
import HTTPTypes
import Hummingbird
import RedisSchema
import Runtime

/// Waiting rooms: places in them, and what everybody can see of them.
struct RoomController: Sendable {
    let rooms: Rooms
    let responders: DirectResponders
    /// Requests that wait, and streams.
    let waits: LongResponses

    private static let interval = Duration.milliseconds(250)

    /// `POST /events/{id}/room`, in the forms that a connection does not answer itself (see ``DirectRequest``).
    func join(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let event = try Self.eventID(context)
        let headers = ClientHeaders(request.headers)
        let body = try await request.completeBody(limit: BodyLimit.standard)
        return Response(
            await responders.response(
                to: .join(event, headers), body: body, peer: context.peer, id: context.requestID))
    }

    /// `GET /room/{place}`. With a wait, the response is sent when the state is another one than when the request arrived. It is
    /// sent at once if the place is admitted or cannot be, and if too many requests wait already.
    func place(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let text = context.parameters.get("place") ?? ""
        let wait = try WaitPreference(uri: request.uri, headers: request.headers)
        let deadline = ContinuousClock.now + .seconds(wait.seconds)
        var standing = try await rooms.standing(of: text)
        let first = standing.outline
        let waiting = wait.seconds > 0 && standing.state.isWaitedFor ? waits.take(context.channel) : nil
        while waiting != nil, !waits.isClosing, standing.outline == first, ContinuousClock.now < deadline {
            try await Task.sleep(for: min(Self.interval, deadline - ContinuousClock.now))
            standing = try await rooms.standing(of: text)
        }
        withExtendedLifetime(waiting) {}
        var response = try APIResponse(standing, signedBy: rooms.signer)
        if wait.isFromHeader { response.appliedWait = wait.seconds }
        return Response(response)
    }

    /// `GET /events/{id}/room`
    func room(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let event = try Self.eventID(context)
        let view = try await rooms.view(of: event)
        guard view.reading.rate != nil else { throw Problem.noRoom(event) }
        return .json(JSONObject(view), headers: [.cacheControl: APIResponse.Caching.shared.rawValue])
    }

    private static func eventID(_ context: APIRequestContext) throws(Problem) -> EventID {
        try EventID(checked: context.parameters.get("id") ?? "", field: "id")
    }
}
