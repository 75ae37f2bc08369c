import HTTPTypes
import Hummingbird
import Shared

extension Sale {
    static let eventPageLimit = 1000

    /// `GET /events`, a page at a time: `?limit=` (100, at most 1000) events after the id `?after=`.
    func events(_ request: Request) async throws -> Response {
        let parameters = request.uri.queryParameters
        var limit = 100
        if let text = parameters["limit"] {
            guard let value = Int(text), (1...Self.eventPageLimit).contains(value) else {
                throw Problem.invalid("limit", "limit must be a whole number from 1 to \(Self.eventPageLimit).")
            }
            limit = value
        }
        let after = try Self.after(request)
        let reports = try await catalogue.reports(after: after, limit: limit)
        var object = JSONObject()
        object["events"] = .array(reports.map { JSONObject($0) })
        return .json(object)
    }

    /// The id that a page begins after; empty for the first.
    static func after(_ request: Request) throws -> String {
        try request.uri.queryParameters["after"].map { try EventID(checked: $0, field: "after").description } ?? ""
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
