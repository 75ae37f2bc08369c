import Domain
import Engine
import RedisSchema

/// Waiting rooms: what a request means, and what its result means for the client.
struct Rooms: Sendable {
    let inventory: Inventory
    let book: RoomBook
    let signer: RoomSigner
    let restorer: EventRestorer

    /// A place, with the room as it was a moment ago.
    struct Standing: Sendable {
        var place: Place
        var view: RoomView
        var isReplay = false

        var state: PlaceState { view.state(of: place) }
    }

    /// Joins the room of an event. A customer, or a key if there is no customer, has one place; if its pass has ended, this gives
    /// a new place at the end.
    func join(_ event: EventID, customer: String?, key: String?) async throws -> Standing {
        let joining = try joining(event, customer: customer, key: key)
        return try await standing(joining, after: try await inventory.join(joining.request))
    }

    /// Somebody who joins.
    struct Joining: Sendable {
        var request: JoinRequest
        /// Stands for the customer in the place.
        var customer: UInt64
    }

    func joining(_ event: EventID, customer: String?, key: String?) throws(Problem) -> Joining {
        let name = try signer.name(customer: customer, key: key, of: event)
        return Joining(
            request: JoinRequest(event: event, name: name), customer: try signer.customer(customer, of: event))
    }

    /// The place of somebody who has just joined, if that needs no store; nil if it does, or if there is none.
    func presentStanding(_ joining: Joining, after outcome: JoinOutcome) -> Standing? {
        guard case .joined(let number, let generation, let isReplay) = outcome,
            let view = book.presentView(of: joining.request.event), view.reading.generation == generation,
            !view.isRecovering
        else { return nil }
        let place = Place(
            event: joining.request.event, generation: generation, number: number, customer: joining.customer)
        let standing = Standing(place: place, view: view, isReplay: isReplay)
        return isReplay && standing.state == .expired ? nil : standing
    }

    /// The place of somebody who has just joined. An event that Redis does not have is restored, and joined again.
    func standing(_ joining: Joining, after outcome: JoinOutcome) async throws -> Standing {
        let standing = try await place(joining.request, joining.customer, after: outcome)
        guard standing.isReplay, standing.state == .expired else { return standing }
        var request = joining.request
        request.former = standing.place.number
        return try await place(request, joining.customer, after: try await inventory.join(request))
    }

    private func place(
        _ request: JoinRequest, _ customer: UInt64, after first: JoinOutcome
    ) async throws -> Standing {
        var outcome = first
        if outcome == .eventUnknown || outcome == .recovering {
            do {
                try await restorer.restoreOrThrow(request.event)
            } catch let problem as Problem where problem.code == .eventArchived {
                throw Problem(Refusal.closed, event: request.event)
            }
            outcome = try await inventory.join(request)
        }
        switch outcome {
        case .joined(let number, let generation, let isReplay):
            let place = Place(event: request.event, generation: generation, number: number, customer: customer)
            do {
                return Standing(place: place, view: try await view(of: request.event, generation), isReplay: isReplay)
            } catch  where !isReplay {
                // The response must not say that nothing was changed.
                throw Problem.outcomeUnknown
            }
        case .eventUnknown: throw Problem(Refusal.eventUnknown, event: request.event)
        case .recovering: throw Problem(Refusal.recovering, event: request.event)
        case .noRoom: throw Problem.noRoom(request.event)
        case .notOpen(let opensAt, let now): throw Problem.roomNotOpen(opensAt, now: now)
        case .closed: throw Problem(Refusal.closed, event: request.event)
        case .busy: throw Problem.roomBusy
        }
    }

    /// The standing of a place, if that needs no store; nil if it does.
    func presentStanding(of text: String) throws(Problem) -> Standing? {
        let place = try signer.place(text)
        guard let view = book.presentView(of: place.event), !view.isRecovering else { return nil }
        return Standing(place: place, view: view)
    }

    /// The standing of a place with this text.
    func standing(of text: String) async throws -> Standing {
        let place = try signer.place(text)
        return Standing(place: place, view: try await view(of: place.event))
    }

    /// The room of an event in which a place of this generation was just given: a view of before a reset would say that it is
    /// over.
    private func view(of event: EventID, _ generation: Int) async throws -> RoomView {
        let view = try await view(of: event)
        guard view.reading.generation < generation else { return view }
        return try await book.view(of: event, isFresh: true) ?? view
    }

    /// The room of an event. Throws a problem if Redis does not have it and it cannot be published at once.
    func view(of event: EventID) async throws -> RoomView {
        if let view = try await book.view(of: event), !view.isRecovering { return view }
        try await restorer.restoreOrThrow(event)
        guard let view = try await book.view(of: event, isFresh: true), !view.isRecovering else {
            throw Problem(Refusal.recovering, event: event)
        }
        return view
    }
}

extension RoomView {
    /// Whether the event has a room, and Redis cannot say anything about it.
    fileprivate var isRecovering: Bool { reading.rate != nil && (reading.counters == nil || draw == nil) }
}
