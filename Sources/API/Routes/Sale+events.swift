import Domain
import Engine
import HTTPTypes
import Hummingbird
import Runtime

extension Sale {
    /// `GET /events`, a page at a time.
    func events(_ request: Request) async throws -> Response {
        let page = try Page(request)
        let reports = try await catalogue.reports(after: page.after, limit: page.limit)
        var object = JSONObject()
        object["events"] = .array(reports.map { JSONObject($0) })
        return .json(object)
    }

    /// `GET /events/{id}`
    func event(_ context: SaleContext) async throws -> Response {
        let id = try eventID(context)
        guard let report = try await catalogue.report(id) else { throw Problem(Refusal.eventUnknown, event: id) }
        return .json(JSONObject(report))
    }

    /// `PUT /events/{id}`
    func putEvent(_ request: Request, _ context: SaleContext) async throws -> Response {
        try access.checkAdmin(request)
        let id = try eventID(context)
        let wanted = try EventRequest(try await request.jsonBody(limit: Self.adminBodyLimit))
        let created = try await refusing(id) { try await catalogue.put(id, wanted.change) }
        guard let report = try await catalogue.report(id) else { throw Problem(Refusal.eventUnknown, event: id) }
        context.logger.notice("event put", metadata: ["event": "\(id)", "capacity": "\(report.terms.capacity)"])
        return .json(JSONObject(report), status: created ? .created : .ok)
    }

    /// `POST /reset`
    func reset(_ request: Request, _ context: SaleContext) async throws -> Response {
        try access.checkAdminOrDemo(request)
        let wanted = try ResetRequest(try await request.jsonBody(limit: Self.bodyLimit))
        let capacity = try await refusing(wanted.event) {
            try await catalogue.reset(wanted.event, capacity: wanted.capacity)
        }
        context.logger.notice("event reset", metadata: ["event": "\(wanted.event)", "capacity": "\(capacity)"])
        var object = JSONObject()
        object["message"] = .string("reset")
        object["event"] = .string(wanted.event.description)
        object["capacity"] = .integer(capacity)
        return .json(object)
    }

    private func eventID(_ context: SaleContext) throws -> EventID {
        try EventID(checked: context.parameters.get("id") ?? "", field: "id")
    }

    private func refusing<Value>(_ id: EventID, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CatalogueError {
            if case .notInEffectYet = error { await restorer.owe(id) }
            throw Problem(error, event: id)
        } catch {
            // How far it came is not known; publishing puts Redis right whatever the ledger holds.
            await restorer.owe(id)
            throw error
        }
    }
}
