import Hummingbird
import Ledger

/// The query of `GET /admin/audit`: `?subject=`, `?actor=`, `?after=` (the id of the last line of the page before) and
/// `?limit=` (default 100, maximum 1000).
struct AuditRequest {
    let selection: AuditSelection

    init(_ request: Request) throws(Problem) {
        let parameters = request.uri.queryParameters
        var selection = AuditSelection(limit: try Page.limit(parameters["limit"]))
        if let after = parameters["after"] {
            guard let id = Int(after), id > 0 else {
                throw .invalid("after", "after must be the id of a line, a whole number above 0.")
            }
            selection.before = id
        }
        selection.subject = try Self.text(parameters["subject"], "subject")
        selection.actor = try Self.text(parameters["actor"], "actor")
        self.selection = selection
    }

    private static func text(_ value: Substring?, _ field: String) throws(Problem) -> String? {
        guard let value else { return nil }
        guard (1...128).contains(value.utf8.count), value.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .invalid(field, "\(field) must be 1 to 128 visible ASCII characters.")
        }
        return String(value)
    }
}
