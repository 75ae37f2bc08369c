import Domain
import Environment
import PostgresClient

/// Reads orders from the ledger.
struct LedgerRows: Sendable {
    private static let chunkSize = 1000
    private static let totals = PostgresStatement<String, RowTotals>(
        "attack_totals",
        sql: """
            SELECT count(*) AS orders,
                coalesce(sum(quantity) FILTER (WHERE status IN ('confirmed', 'held', 'pending')), 0) AS units
            FROM orders WHERE event_id = :event_id
            """,
        parameters: ["event_id": { $0 }]
    ) { columns in
        let orders = try columns["orders", as: Int.self]
        let units = try columns["units", as: Int.self]
        return { row in RowTotals(orders: try row[orders], units: try row[units]) }
    }
    private static let find = PostgresStatement<[String], (id: String, row: Row)>(
        "attack_rows",
        sql: "SELECT id, event_id, quantity, status FROM orders WHERE id = ANY(:ids::uuid[])",
        parameters: ["ids": { $0 }]
    ) { columns in
        let id = try columns["id", as: String.self]
        let event = try columns["event_id", as: String.self]
        let quantity = try columns["quantity", as: Int.self]
        let status = try columns["status", as: String.self]
        return { row in
            (id: try row[id], row: Row(event: try row[event], quantity: try row[quantity], state: try row[status]))
        }
    }
    static let statements: [any AnyPostgresStatement] = [totals, find]

    private let pool: PostgresPool

    /// - Throws: a ``SettingsError`` if the URL is not valid.
    init(databaseURL: String) throws(SettingsError) {
        if let reason = PostgresConninfo.flaw(of: databaseURL) {
            throw SettingsError(description: "DATABASE_URL cannot be read: \(reason)")
        }
        var configuration = PostgresConfiguration(conninfo: databaseURL)
        configuration.poolSize = 1
        configuration.statementTimeout = .seconds(60)
        pool = PostgresPool(configuration)
    }

    func totals(of event: String) async throws -> RowTotals {
        try await pool.query(Self.totals, event).first ?? RowTotals(orders: 0, units: 0)
    }

    /// The rows of those tickets that the ledger has. A ticket that is not a UUID has no row.
    func rows(of tickets: [String]) async throws -> [String: Row] {
        let ids = tickets.filter { OrderID($0) != nil }
        var rows: [String: Row] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.chunkSize) {
            let some = Array(ids[start..<min(start + Self.chunkSize, ids.count)])
            for found in try await pool.query(Self.find, some) { rows[found.id] = found.row }
        }
        return rows
    }

    /// The evidence of the ledger for an attack that began when the event's totals were `before`.
    func evidence(of tickets: [Record.Ticket], event: String, before: RowTotals) async throws -> RowEvidence {
        RowEvidence(before: before, after: try await totals(of: event), rows: try await rows(of: tickets.map(\.id)))
    }

    func close() async { await pool.close() }
}
