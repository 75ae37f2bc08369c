package import Domain
import PostgresClient

/// The audit trail: who has changed what.
extension Ledger {
    /// Writes the line of a change that is not made in the ledger, before it is made; its outcome is `started`. Returns the
    /// line's id. If this throws, the change must not be made.
    package func beginAudit(
        _ action: AuditAction, of subject: String, before: AuditDetails?, by author: AuditAuthor
    ) async throws -> Int {
        let rows = try await pool.query(
            Statements.auditInsert,
            (author: author, action: action, subject: subject, before: before, after: nil, outcome: .started))
        guard let id = rows.first else {
            throw PostgresError(.unexpectedResult, "the statement audit_insert did not return its id")
        }
        return id
    }

    /// Adds to the line what has become of the change.
    ///
    /// - Parameter reason: the code of the problem that prevented it, or that leaves its outcome open.
    package func endAudit(
        _ id: Int, _ outcome: AuditOutcome, after: AuditDetails?, reason: String?
    ) async throws {
        try await pool.execute(Statements.auditEnd, (id: id, outcome: outcome, after: after, reason: reason))
    }

    /// Lines of the trail, the newest first.
    package func auditLines(_ selection: AuditSelection) async throws -> [AuditLine] {
        try await pool.query(Statements.auditList, selection)
    }
}

extension PostgresConnection {
    /// Writes the line of a change in the transaction that makes the change.
    func record(
        _ action: AuditAction, of event: EventID, before: AuditDetails?, after: AuditDetails?, by author: AuditAuthor
    ) throws {
        try record(action, of: event.description, before: before, after: after, by: author)
    }

    func record(
        _ action: AuditAction, of subject: String, before: AuditDetails?, after: AuditDetails?, by author: AuditAuthor
    ) throws {
        _ = try query(
            Statements.auditInsert,
            (
                author: author, action: action, subject: subject, before: before, after: after,
                outcome: .done
            ))
    }
}

/// A line of the audit trail.
package struct AuditLine: Hashable, Sendable {
    package var id: Int
    package var at: Timestamp
    package var actor: String
    package var action: String
    package var subject: String
    /// A JSON object.
    package var before: String?
    /// A JSON object.
    package var after: String?
    package var outcome: String
    package var reason: String?
    package var requestID: String?
    package var address: String?
}

/// Which lines of the audit trail are read.
package struct AuditSelection: Hashable, Sendable {
    /// Nil: of all subjects.
    package var subject: String?
    /// Nil: of all actors.
    package var actor: String?
    /// The lines with lower ids only; nil: from the newest one.
    package var before: Int?
    package var limit: Int

    package init(subject: String? = nil, actor: String? = nil, before: Int? = nil, limit: Int) {
        self.subject = subject
        self.actor = actor
        self.before = before
        self.limit = limit
    }
}
