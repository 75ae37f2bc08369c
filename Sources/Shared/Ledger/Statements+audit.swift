import Domain
import PostgresClient

/// Statements on the audit trail.
extension Statements {
    typealias NewAuditLine = (
        author: AuditAuthor, action: AuditAction, subject: String, before: AuditDetails?, after: AuditDetails?,
        outcome: AuditOutcome
    )

    static let auditInsert = PostgresStatement<NewAuditLine, Int>(
        "audit_insert", sql: PackageResources.audit_insert_sql,
        parameters: [
            "actor": { $0.author.actor }, "action": { $0.action }, "subject": { $0.subject }, "before": { $0.before },
            "after": { $0.after }, "outcome": { $0.outcome }, "request_id": { $0.author.requestID },
            "address": { $0.author.address },
        ]
    ) { columns in
        let id = try columns["id", as: Int.self]
        return { row in try row[id] }
    }

    static let auditEnd = PostgresStatement<
        (id: Int, outcome: AuditOutcome, after: AuditDetails?, reason: String?), Never
    >(
        "audit_end", sql: PackageResources.audit_end_sql,
        parameters: [
            "id": { $0.id }, "outcome": { $0.outcome }, "after": { $0.after }, "reason": { $0.reason },
        ])

    static let auditList = PostgresStatement<AuditSelection, AuditLine>(
        "audit_list", sql: PackageResources.audit_list_sql, isPrepared: false,
        parameters: [
            "before_id": { $0.before }, "subject": { $0.subject }, "actor": { $0.actor }, "limit": { $0.limit },
        ]
    ) { columns in
        let id = try columns["id", as: Int.self]
        let at = try columns["at", as: Timestamp.self]
        let actor = try columns["actor", as: String.self]
        let action = try columns["action", as: String.self]
        let subject = try columns["subject", as: String.self]
        let before = try columns["before", as: String?.self]
        let after = try columns["after", as: String?.self]
        let outcome = try columns["outcome", as: String.self]
        let reason = try columns["reason", as: String?.self]
        let requestID = try columns["request_id", as: String?.self]
        let address = try columns["address", as: String?.self]
        return { row in
            AuditLine(
                id: try row[id], at: try row[at], actor: try row[actor], action: try row[action],
                subject: try row[subject], before: try row[before], after: try row[after], outcome: try row[outcome],
                reason: try row[reason], requestID: try row[requestID], address: try row[address])
        }
    }
}
