import Hummingbird
import Ledger
import Runtime

/// Who administrates, and who has changed what.
struct AuditController: Sendable {
    let access: AdminAccess
    let ledger: Ledger

    /// `GET /admin/me`: the name and the role of the request's token.
    func me(_ request: Request) throws -> Response {
        let administrator = try access.viewer(request)
        var object = JSONObject()
        object["name"] = .string(administrator.name)
        object["role"] = .string(administrator.role.rawValue)
        return .json(object)
    }

    /// `GET /admin/audit`: one page of lines, the newest first.
    func lines(_ request: Request) async throws -> Response {
        _ = try access.viewer(request)
        var selection = try AuditRequest(request).selection
        let limit = selection.limit
        // One more, to learn whether there is another page.
        selection.limit += 1
        let lines = try await ledger.auditLines(selection)
        var object = JSONObject()
        object["entries"] = .array(lines.prefix(limit).map { JSONObject($0) })
        if lines.count > limit { object["next_after"] = .integer(lines[limit - 1].id) }
        return .json(object)
    }
}

extension JSONObject {
    /// A line of the audit trail.
    fileprivate init(_ line: AuditLine) {
        self.init()
        self["id"] = .integer(line.id)
        self["at"] = .string(RFC3339.text(line.at))
        self["actor"] = .string(line.actor)
        self["action"] = .string(line.action)
        self["subject"] = .string(line.subject)
        self["before"] = line.before.map { .json($0) }
        self["after"] = line.after.map { .json($0) }
        self["outcome"] = .string(line.outcome)
        self["reason"] = line.reason.map { .string($0) }
        self["request_id"] = line.requestID.map { .string($0) }
        self["address"] = line.address.map { .string($0) }
    }
}
