import Domain
import PostgresClient

/// The steps of settling a batch.
extension Ledger {
    /// Writes new orders in one transaction.
    ///
    /// - Returns: what became of each; nil if nothing was written, because the ledger has one of them or cannot store
    ///   all of them.
    func insert(_ orders: NewOrders, under lease: Statements.Lease) async throws -> Settlement? {
        do {
            let times = try await probed(Statements.ordersInsert, (orders: orders, lease: lease))
            return times.first.map { .recorded(version: 1, confirmedAt: $0) }
        } catch let error as PostgresError where error.isAboutContent {
            return nil
        }
    }

    /// Writes orders, each of which occurs once, in one transaction.
    func write(_ orders: [Order], under lease: Statements.Lease) async throws -> [OrderID: Settlement] {
        let rows = try await probed(Statements.ordersWrite, (orders: orders, lease: lease))
        guard let first = rows.first, first.outcome == .now, let now = first.time else {
            throw PostgresError(.unexpectedResult, "the statement orders_write did not return its time")
        }
        var settlements: [OrderID: Settlement] = [:]
        settlements.reserveCapacity(orders.count)
        for order in orders {
            let confirmedAt = order.state == .pending ? now : order.confirmedAt
            settlements[order.id] = .recorded(version: order.version, confirmedAt: confirmedAt)
        }
        var present: [OrderID] = []
        for row in rows.dropFirst() {
            guard let id = row.id else { continue }
            switch row.outcome {
            case .unknown: settlements[id] = .unsettleable(reason: "the event is not in the ledger")
            case .forgotten: settlements[id] = .forgotten
            case .ahead:
                settlements[id] = .unsettleable(reason: "the event's generation is later than the ledger's")
            case .present, .now: present.append(id)
            }
        }
        return settlements.merging(try await settled(present)) { $1 }
    }

    /// Runs a statement in its own transaction; with a ``settleProbe``, between the calls of the probe.
    private func probed<Input: Sendable, Row: Sendable>(
        _ statement: PostgresStatement<Input, Row>, _ input: Input
    ) async throws -> [Row] {
        guard let settleProbe else { return try await pool.query(statement, input) }
        return try await pool.withTransaction { connection in
            settleProbe.beforeStatement()
            let rows = try await connection.query(statement, input)
            settleProbe.beforeCommit()
            return rows
        }
    }

    /// Writes an order that the event has no units for.
    func reject(_ order: Order, reason: String) async throws -> Settlement {
        try await pool.execute(Statements.orderReject, (order: order, reason: reason))
        return try await settled([order.id])[order.id] ?? .forgotten
    }

    /// What earlier deliveries of orders led to.
    private func settled(_ ids: [OrderID]) async throws -> [OrderID: Settlement] {
        guard !ids.isEmpty else { return [:] }
        // A row that does not exist any more was deleted by a reset in between.
        let forgotten = Dictionary(ids.map { ($0, Settlement.forgotten) }) { $1 }
        let rows = try await pool.query(Statements.ordersSettled, ids)
        return forgotten.merging(rows.map { ($0.id, $0.settlement) }) { $1 }
    }
}
