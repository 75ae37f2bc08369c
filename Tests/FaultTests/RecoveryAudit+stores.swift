import TestSupport

@testable import Domain
@testable import RedisSchema

/// Checks of the stores. The stores must be at rest.
extension RecoveryAudit {
    private static let keys = Keyspace(partition: 0)

    /// The summary of the rows of a query that selects violations.
    private func found(_ sql: String) async throws -> String? {
        Self.summary(try await cluster.sql(sql).map { $0.map { $0 ?? "NULL" }.joined(separator: " ") })
    }

    /// Waits until the ledger has the expiries of the holds that expire soon.
    func waitUntilHoldsHaveExpired() async throws {
        try await eventually("holds expire", within: 120) {
            let left = try await cluster.sql(
                "SELECT count(*) FROM orders WHERE status = 'held' AND expires_at < \(data.expiryOfThose)")
            if left.first?.first == "0" { return true }
            // The query reads all orders.
            try await Fault.pause(0.5)
            return false
        }
    }

    func count(where condition: String) async throws -> Int {
        let rows = try await cluster.sql("SELECT count(*) FROM orders WHERE \(Self.isOfData) AND \(condition)")
        return Int((rows.first?.first ?? nil) ?? "") ?? -1
    }

    /// Events whose counters in the ledger differ from the sums of their orders.
    func unbalanced() async throws -> String? {
        try await found(
            """
            SELECT id, events.sold, events.held, sums.sold, sums.held FROM events LEFT JOIN (
                SELECT event_id, coalesce(sum(quantity) FILTER (WHERE status = 'confirmed'), 0) AS sold,
                    coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) AS held
                FROM orders GROUP BY event_id
            ) AS sums ON event_id = id
            WHERE events.sold <> coalesce(sums.sold, 0) OR events.held <> coalesce(sums.held, 0)
                OR events.sold + events.held > capacity
            """)
    }

    /// Idempotency keys with several orders, by the half of the id that a key determines.
    func doubled() async throws -> String? {
        try await found(
            """
            SELECT event_id, right(id::text, 17), count(*) FROM orders WHERE get_byte(uuid_send(id), 8) & 32 <> 0
            GROUP BY 1, 2 HAVING count(*) > 1
            """)
    }

    func aboveLimit() async throws -> String? {
        try await found(
            """
            SELECT event_id, customer, sum(quantity) FROM orders WHERE \(Self.isOfData) AND \(Self.holdsUnits)
            GROUP BY 1, 2 HAVING sum(quantity) > \(LedgerData.customerLimit)
            """)
    }

    /// Events whose counters in Redis differ from those in the ledger.
    func differentCounters() async throws -> String? {
        var wrong: [String] = []
        for row in try await cluster.sql("SELECT id, capacity, capacity - held - sold, 0, held, sold FROM events") {
            guard let event = EventID(row[0] ?? "") else { continue }
            let found = try await cluster.redis(
                "HMGET", Self.keys.event(event), "capacity", "stock", "pending", "held", "sold")
            let counters = found.array?.map(\.string) ?? []
            if counters != Array(row.dropFirst()) { wrong.append("\(event): \(counters), in the ledger \(row)") }
        }
        return Self.summary(wrong)
    }

    /// Customers whose count in Redis differs from the units of their orders in the ledger.
    func miscounted() async throws -> String? {
        var wrong: [String] = []
        for event in data.events {
            let rows = try await cluster.sql(
                """
                SELECT customer, sum(quantity) FROM orders WHERE event_id = '\(event.id)' AND \(Self.holdsUnits)
                    AND customer IS NOT NULL GROUP BY customer
                """)
            let units = Dictionary(rows.map { ($0[0] ?? "", Int($0[1] ?? "") ?? 0) }) { $1 }
            let counts = try await cluster.customers(of: event.id)
            for customer in Set(units.keys).union(counts.keys) where units[customer] != counts[customer] {
                wrong.append("\(customer) of \(event.id): \(counts[customer] ?? 0), not \(units[customer] ?? 0)")
            }
        }
        return Self.summary(wrong)
    }

    /// Holds that only one of the stores has, or that Redis has twice.
    func differentHolds() async throws -> String? {
        var wrong: [String] = []
        for event in data.events {
            let rows = try await cluster.sql(
                "SELECT id FROM orders WHERE event_id = '\(event.id)' AND status = 'held'")
            let members = try await cluster.redis("ZRANGE", Self.keys.holds(event.id), "0", "-1").array ?? []
            // A member is one order, or several separated by commas.
            let found = members.flatMap { ($0.string ?? "").split(separator: ",").map(String.init) }
            wrong += Set(rows.compactMap { $0[0] }).symmetricDifference(found).map { "\($0) of \(event.id)" }
            if Set(found).count != found.count { wrong.append("\(event.id) has holds twice") }
        }
        return Self.summary(wrong)
    }
}
