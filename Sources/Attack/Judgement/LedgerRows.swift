import Domain
import Environment
import PostgresClient

/// Reads orders from the ledger.
struct LedgerRows: Sendable {
    private static let chunkSize = 1000
    private static let totals = PostgresStatement(
        name: "attack_totals",
        sql: """
            SELECT count(*), coalesce(sum(quantity) FILTER (WHERE status IN ('confirmed', 'held', 'pending')), 0)
            FROM orders WHERE event_id = $1
            """)
    private static let find = PostgresStatement(
        name: "attack_rows",
        sql: """
            SELECT id, event_id, quantity, status FROM orders
            WHERE id = ANY(string_to_array($1, ',')::uuid[])
            """)

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
        guard let row = try await pool.execute(Self.totals, [event]).rows.first else {
            return RowTotals(orders: 0, units: 0)
        }
        return RowTotals(orders: try row.integer(0), units: try row.integer(1))
    }

    /// The rows of those tickets that the ledger has. A ticket that is not a UUID has no row.
    func rows(of tickets: [String]) async throws -> [String: Row] {
        let ids = tickets.filter { OrderID($0) != nil }
        var rows: [String: Row] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.chunkSize) {
            let chunk = ids[start..<min(start + Self.chunkSize, ids.count)].joined(separator: ",")
            for row in try await pool.execute(Self.find, [chunk]).rows {
                rows[try row.text(0)] = Row(
                    event: try row.text(1), quantity: try row.integer(2), state: try row.text(3))
            }
        }
        return rows
    }

    func close() async { await pool.close() }
}
