import Domain
import PostgresClient

/// Statements that read what Redis lacks after it was emptied.
extension Statements {
    static let backfillEvents = PostgresStatement<(after: Ledger.BackfillEvent?, limit: Int), Ledger.BackfillEvent>(
        "backfill_events", sql: PackageResources.backfill_events_sql,
        parameters: [
            "changed_at": { $0.after?.changedAt }, "id": { $0.after?.id }, "limit": { $0.limit },
        ]
    ) { columns in
        let id = try columns["id", as: EventID.self]
        let units = try columns["units", as: Int.self]
        let changedAt = try columns["changed_at", as: String.self]
        return { row in
            Ledger.BackfillEvent(id: try row[id], units: try row[units], changedAt: try row[changedAt])
        }
    }

    typealias OrdersAfter = (event: EventID, after: String, limit: Int)

    static let backfillEventOrders = PostgresStatement<OrdersAfter, BackfillOrderRow>(
        "backfill_event_orders", sql: PackageResources.backfill_event_orders_sql, parameters: ordersAfter,
        reader: BackfillOrderRow.reader)

    static let backfillRecords = PostgresStatement<OrdersAfter, BackfillOrderRow>(
        "backfill_records", sql: PackageResources.backfill_records_sql, parameters: ordersAfter,
        reader: BackfillOrderRow.reader)

    static let backfillOrders = PostgresStatement<(events: [EventID], limit: Int), BackfillOrderRow>(
        "backfill_orders", sql: PackageResources.backfill_orders_sql,
        parameters: ["event_ids": { $0.events }, "limit": { $0.limit }], reader: BackfillOrderRow.reader)

    private static let ordersAfter: PostgresStatement<OrdersAfter, BackfillOrderRow>.Parameters = [
        "event_id": { $0.event }, "after": { $0.after }, "limit": { $0.limit },
    ]
}

/// An order to be backfilled, as the statements return it.
struct BackfillOrderRow: Sendable {
    var id: String
    var event: String
    var customer: String?
    var units: Int
    /// What its record needs; nil if it needs none.
    var record: Record?

    struct Record: Sendable {
        var id: OrderID
        var state: OrderState
        var quantity: Int
        var version: Int
        var claimedAt: Timestamp
        var confirmedAt: Timestamp?
        var expiresAt: Timestamp?
        var reason: String?
    }

    @Sendable static func reader(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> BackfillOrderRow {
        let (text, id) = (try columns["id", as: String.self], try columns["id", as: OrderID.self])
        let event = try columns["event_id", as: String.self]
        let customer = try columns["customer", as: String?.self]
        let units = try columns["units", as: Int.self]
        let status = try columns["status", as: String?.self]
        let quantity = try columns["quantity", as: Int.self]
        let version = try columns["version", as: Int.self]
        let claimedAt = try columns["claimed_at", as: Timestamp.self]
        let confirmedAt = try columns["confirmed_at", as: Timestamp?.self]
        let expiresAt = try columns["expires_at", as: Timestamp?.self]
        let reason = try columns["reason", as: String?.self]
        return { row in
            var result = BackfillOrderRow(
                id: try row[text], event: try row[event], customer: try row[customer], units: try row[units])
            guard let status = try row[status] else { return result }
            guard let state = OrderState(rawValue: status) else {
                throw PostgresError(.unexpectedResult, "the column status has the value \(status)")
            }
            result.record = Record(
                id: try row[id], state: state, quantity: try row[quantity], version: try row[version],
                claimedAt: try row[claimedAt], confirmedAt: try row[confirmedAt], expiresAt: try row[expiresAt],
                reason: try row[reason])
            return result
        }
    }

    /// The row with the generation of its event.
    func order(of event: EventID, generation: Int) -> Ledger.BackfillOrder {
        let order = record.map { record in
            Order(
                id: record.id, event: event, generation: generation, quantity: record.quantity, customer: customer,
                state: record.state, version: record.version, ledgerVersion: record.version,
                claimedAt: record.claimedAt, confirmedAt: record.confirmedAt, expiresAt: record.expiresAt,
                reason: record.reason)
        }
        return Ledger.BackfillOrder(
            id: id, event: event.description, row: BackfillRow(customer: customer, units: units, record: order))
    }
}
