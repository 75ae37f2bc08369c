import Domain
import Engine
import NIOCore
import NIOHTTP1
import RedisClient
import Runtime

/// Waiting rooms. What needs only the next group of joins, and a view of the room that is known, needs no task.
extension DirectResponder {
    func join(
        _ event: EventID, _ headers: ClientHeaders, body: ByteBuffer, peer: IPAddress?, id: RequestID,
        _ completion: @escaping Completion
    ) {
        let joining: Rooms.Joining?
        do throws(Problem) {
            joining = try joins.joining(event, headers, body: body)
        } catch {
            return completion(APIResponse(error))
        }
        guard let joining else {
            return respond(with: completion, id: id) { [joins] _ in
                try await joins.response(event, headers, body: body, peer: peer)
            }
        }
        joinRelay.add(joining.request, of: event) { result in
            let rooms = self.joins.rooms
            if case .success(let outcome) = result, let standing = rooms.presentStanding(joining, after: outcome) {
                return completion(Self.response(standing, .created, rooms.signer))
            }
            self.respond(with: completion, id: id) { _ in
                let standing = try await rooms.standing(joining, after: try result.get())
                return try APIResponse(standing, .created, signedBy: rooms.signer)
            }
        }
    }

    func look(at place: String, id: RequestID, _ completion: @escaping Completion) {
        let rooms = joins.rooms
        do throws(Problem) {
            if let standing = try rooms.presentStanding(of: place) {
                return completion(Self.response(standing, .ok, rooms.signer))
            }
        } catch {
            return completion(APIResponse(error))
        }
        respond(with: completion, id: id) { _ in
            try APIResponse(try await rooms.standing(of: place), signedBy: rooms.signer)
        }
    }

    private static func response(
        _ standing: Rooms.Standing, _ status: HTTPResponseStatus, _ signer: RoomSigner
    ) -> APIResponse {
        do throws(Problem) {
            return try APIResponse(standing, status, signedBy: signer)
        } catch {
            return APIResponse(error)
        }
    }
}
