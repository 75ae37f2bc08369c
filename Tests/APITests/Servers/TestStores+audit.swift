import Foundation
import TestSupport

/// A line of the audit trail, as `GET /admin/audit` shows it.
struct AuditEntry: Equatable {
    var id: Int
    var actor: String?
    var action: String?
    var subject: String?
    var outcome: String?
    var reason: String?
    var requestID: String?
    var address: String?
    /// As JSON with sorted names.
    var before: String?
    var after: String?

    init(_ json: [String: Any]) {
        func text(_ name: String) -> String? {
            json[name].flatMap { try? JSONSerialization.data(withJSONObject: $0, options: .sortedKeys) }
                .map { String(decoding: $0, as: UTF8.self) }
        }
        id = json["id"] as? Int ?? 0
        actor = json["actor"] as? String
        action = json["action"] as? String
        subject = json["subject"] as? String
        outcome = json["outcome"] as? String
        reason = json["reason"] as? String
        requestID = json["request_id"] as? String
        address = json["address"] as? String
        before = text("before")
        after = text("after")
    }
}

extension HTTPClient {
    /// Lines of the audit trail, the newest first.
    func audit(_ query: String = "", token: String = "secret") async throws -> [AuditEntry] {
        let response = try await send("GET", "/admin/audit?\(query)", headers: ["Authorization": "Bearer \(token)"])
        guard response.status == 200 else { throw GaveUp(description: "the audit trail is \(response.body)") }
        return (response.json["entries"] as? [[String: Any]] ?? []).map { AuditEntry($0) }
    }
}
