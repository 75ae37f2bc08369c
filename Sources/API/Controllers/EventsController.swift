import Domain
import Engine
import HTTPTypes
import Hummingbird
import Logging
import Runtime

/// Events: their state, their terms, and their reset.
struct EventsController: Sendable {
    let catalogue: EventCatalogue
    let restorer: EventRestorer
    let access: AdminAccess

    /// `GET /events`: one page of results.
    func list(_ request: Request) async throws -> Response {
        let page = try Page(request)
        let reports = try await catalogue.reports(after: page.after, limit: page.limit)
        var object = JSONObject()
        object["events"] = .array(reports.map { JSONObject($0) })
        return .json(object)
    }

    /// `GET /events/{id}`
    func event(_ context: APIRequestContext) async throws -> Response {
        let id = try eventID(context)
        guard let report = try await catalogue.report(id) else { throw Problem(Refusal.eventUnknown, event: id) }
        return .json(JSONObject(report))
    }

    /// `PUT /events/{id}`: 201 if the event is new, 200 if it existed.
    func put(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try access.checkAdmin(request)
        let id = try eventID(context)
        let wanted = try EventRequest(try await request.jsonBody(limit: BodyLimit.administration))
        let created = try await changing(id) { try await catalogue.put(id, wanted.change) }
        guard let report = try await catalogue.report(id) else { throw Problem(Refusal.eventUnknown, event: id) }
        context.logger.notice("event put", metadata: ["event": "\(id)", "capacity": "\(report.terms.capacity)"])
        return .json(JSONObject(report), status: created ? .created : .ok)
    }

    /// `POST /reset`
    func reset(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try access.checkAdminOrDemo(request)
        let wanted = try ResetRequest(try await request.jsonBody(limit: BodyLimit.standard))
        let capacity = try await changing(wanted.event) {
            try await catalogue.reset(wanted.event, capacity: wanted.capacity)
        }
        context.logger.notice("event reset", metadata: ["event": "\(wanted.event)", "capacity": "\(capacity)"])
        var object = JSONObject()
        object["message"] = .string("reset")
        object["event"] = .string(wanted.event.description)
        object["capacity"] = .integer(capacity)
        return .json(object)
    }

    private func eventID(_ context: APIRequestContext) throws -> EventID {
        try EventID(checked: context.parameters.get("id") ?? "", field: "id")
    }

    /// Runs a change of an event, and schedules its publication in Redis if the change may not be in effect there.
    private func changing<Value>(_ id: EventID, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CatalogueError {
            if case .notInEffectYet = error { await restorer.schedulePublish(id) }
            throw Problem(error, event: id)
        } catch {
            // How much of the change was made is not known. Publishing makes Redis agree with the ledger in every case.
            await restorer.schedulePublish(id)
            throw error
        }
    }
}
