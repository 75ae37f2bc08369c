import Domain
import Engine
import HTTPTypes
import Hummingbird
import Ledger
import Logging
import Runtime

/// Events: their state, their terms, and their reset.
struct EventsController: Sendable {
    let catalogue: EventCatalogue
    let list: EventList
    let views: EventViews
    let restorer: EventRestorer
    let access: AdminAccess

    /// `GET /events`: one page of results, without archived events unless `?archived=` is `true` (only these) or `all`.
    func list(_ request: Request) async throws -> Response {
        let page = try await list.page(
            try Page(request), try EventSelection(request), isFresh: access.wantsFresh(request))
        return Response(
            APIResponse(shared: page.body, tag: page.tag, ifNoneMatch: request.headers[values: .ifNoneMatch]))
    }

    /// `GET /events/{id}`, in the forms that a connection does not answer itself (see ``DirectRequest``).
    func event(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let id = try eventID(context)
        return Response(
            APIResponse(
                await views.outcome(of: id, isFresh: access.wantsFresh(request)), of: id,
                ifNoneMatch: request.headers[values: .ifNoneMatch], id: context.requestID, logger: context.logger))
    }

    /// `PUT /events/{id}`: 201 if the event is new, 200 if it existed.
    func put(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let id = try eventID(context)
        let precondition = try EventPrecondition(request)
        let wanted = try EventRequest(try await request.jsonBody(limit: BodyLimit.administration))
        let created = try await changing(id) {
            try await catalogue.put(id, wanted.change, if: precondition, by: author)
        }
        guard let report = try await catalogue.report(id) else { throw Problem(Refusal.eventUnknown, event: id) }
        context.logger.notice(
            "event put",
            metadata: [
                "event": "\(id)", "capacity": "\(report.terms.capacity)", "archived": "\(report.terms.isArchived)",
            ])
        return .json(
            JSONObject(report), status: created ? .created : .ok,
            headers: [.eTag: EntityTag(report).description])
    }

    /// `DELETE /events/{id}`: 204. An event that has orders cannot be deleted.
    func delete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let id = try eventID(context)
        let precondition = try EventPrecondition(request)
        // The body has no fields.
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        try await changing(id) { try await catalogue.delete(id, if: precondition, by: author) }
        context.logger.notice("event deleted", metadata: ["event": "\(id)"])
        return Response(status: .noContent)
    }

    /// `POST /reset`
    func reset(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operatorOrDemo(request, context)
        let wanted = try ResetRequest(try await request.jsonBody(limit: BodyLimit.standard))
        let capacity = try await changing(wanted.event) {
            try await catalogue.reset(wanted.event, capacity: wanted.capacity, by: author)
        }
        // In a demo every client can reset events.
        LimitedLog.requests.log(
            .notice, "event reset", ["event": "\(wanted.event)", "capacity": "\(capacity)"], limit: .ofService,
            to: context.logger)
        var object = JSONObject()
        object["message"] = .string("reset")
        object["event"] = .string(wanted.event.description)
        object["capacity"] = .integer(capacity)
        return .json(object)
    }

    private func eventID(_ context: APIRequestContext) throws -> EventID {
        try EventID(checked: context.parameters.get("id") ?? "", field: "id")
    }

    /// Runs a change of an event, and schedules its publication in Redis if the change may not be in effect there. Whoever
    /// reads the event after the response to the change gets it as it is after the change.
    private func changing<Value>(_ id: EventID, _ body: () async throws -> Value) async throws -> Value {
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        // Also after an error: how much of the change was made is not known.
        views.eventHasChanged(id)
        await list.eventHasChanged()
        do {
            return try result.get()
        } catch let error as CatalogueError {
            switch error {
            case .notInEffectYet, .releasesInFlight, .ordersInFlight, .unitsHeld, .placesTaken, .hasOrders:
                await restorer.schedulePublish(id)
            default: break
            }
            throw Problem(error, event: id)
        } catch {
            // How much of the change was made is not known. Publishing makes Redis agree with the ledger in every case.
            await restorer.schedulePublish(id)
            throw error
        }
    }
}
