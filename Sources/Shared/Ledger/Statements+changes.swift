import Domain
import PostgresClient

/// Statements on the outbox. They are planned each time, because the size of the outbox changes much.
extension Statements {
    static let changes: [any AnyPostgresStatement] = [
        planInOrder, changesRead, changesState, changesRemove, changesWriters, changesRestored, changesRenumber,
    ]

    static let planInOrder = PostgresStatement<Void, String>(
        "plan_in_order", sql: PackageResources.plan_in_order_sql, isPrepared: false
    ) { columns in
        let value = try columns["sorts", as: String.self]
        return { row in try row[value] }
    }

    static let changesRead = PostgresStatement<(after: ChangePosition, below: Int, limit: Int), Change>(
        "changes_read", sql: PackageResources.changes_read_sql, isPrepared: false,
        parameters: [
            "xid": { $0.after.transaction }, "seq": { $0.after.sequence }, "below": { $0.below },
            "limit": { $0.limit },
        ], reader: change)

    static let changesState = PostgresStatement<Void, ChangesState>(
        "changes_state", sql: PackageResources.changes_state_sql, isPrepared: false
    ) { columns in
        let areWritten = try columns["are_written", as: Bool.self]
        let below = try columns["below", as: Int.self]
        let transaction = try columns["removed_xid", as: Int?.self]
        let sequence = try columns["removed_seq", as: Int?.self]
        let history = try columns["history", as: String.self]
        return { row in
            var removed: ChangePosition?
            if let transaction = try row[transaction], let sequence = try row[sequence] {
                removed = ChangePosition(transaction: transaction, sequence: sequence)
            }
            return ChangesState(
                areWritten: try row[areWritten], below: try row[below], removed: removed, history: try row[history])
        }
    }

    typealias ChangesSlice = (after: ChangePosition, hours: Int, limit: Int)

    static let changesRemove = PostgresStatement<ChangesSlice, RemovedChanges>(
        "changes_remove", sql: PackageResources.changes_remove_sql, isPrepared: false,
        parameters: [
            "xid": { $0.after.transaction }, "seq": { $0.after.sequence }, "hours": { $0.hours },
            "limit": { $0.limit },
        ]
    ) { columns in
        let transaction = try columns["xid", as: Int.self]
        let sequence = try columns["seq", as: Int.self]
        let isOld = try columns["is_old", as: Bool.self]
        let removed = try columns["removed", as: Int.self]
        return { row in
            RemovedChanges(
                last: ChangePosition(transaction: try row[transaction], sequence: try row[sequence]),
                mayBeFollowed: try row[isOld], count: try row[removed])
        }
    }

    static let changesWriters = PostgresStatement<Void, String>(
        "changes_writers", sql: PackageResources.changes_writers_sql, isPrepared: false
    ) { columns in
        let writer = try columns["writer", as: String.self]
        return { row in try row[writer] }
    }

    static let changesRestored = PostgresStatement<Void, Bool>(
        "changes_restored", sql: PackageResources.changes_restored_sql, isPrepared: false
    ) { columns in
        let isRestored = try columns["is_restored", as: Bool.self]
        return { row in try row[isRestored] }
    }

    static let changesRenumber = PostgresStatement<Void, Never>(
        "changes_renumber", sql: PackageResources.changes_renumber_sql, isPrepared: false)

    @Sendable static func change(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> Change {
        let transaction = try columns["xid", as: Int.self]
        let sequence = try columns["seq", as: Int.self]
        let id = try columns["id", as: String.self]
        let type = try columns["type", as: ChangeType.self]
        let event = try columns["event_id", as: String.self]
        let order = try columns["order_id", as: OrderID?.self]
        let version = try columns["version", as: Int?.self]
        let customer = try columns["customer", as: String?.self]
        let quantity = try columns["quantity", as: Int?.self]
        let reason = try columns["reason", as: String?.self]
        let claimedAt = try columns["claimed_at", as: Timestamp?.self]
        let confirmedAt = try columns["confirmed_at", as: Timestamp?.self]
        let expiresAt = try columns["expires_at", as: Timestamp?.self]
        let details = try columns["details", as: String?.self]
        let at = try columns["at", as: Timestamp.self]
        return { row in
            Change(
                position: ChangePosition(transaction: try row[transaction], sequence: try row[sequence]),
                id: try row[id], type: try row[type], event: try row[event], order: try row[order],
                version: try row[version], customer: try row[customer], quantity: try row[quantity],
                reason: try row[reason], claimedAt: try row[claimedAt], confirmedAt: try row[confirmedAt],
                expiresAt: try row[expiresAt], details: try row[details], at: try row[at])
        }
    }
}

/// A slice of the outbox from which old changes were removed.
struct RemovedChanges: Sendable {
    /// The last change that was read.
    var last: ChangePosition
    /// Whether later changes can be old too.
    var mayBeFollowed: Bool
    var count: Int
}
