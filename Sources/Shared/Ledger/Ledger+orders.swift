package import Domain
import PostgresClient

/// The state and version of an order in the ledger.
package struct OrderVersion: Hashable, Sendable {
    package var state: OrderState
    package var version: Int

    package init(state: OrderState, version: Int) {
        self.state = state
        self.version = version
    }
}

extension Ledger {
    /// The order; nil if the ledger has none.
    package func order(_ id: OrderID) async throws -> Order? {
        try await pool.query(Statements.ordersFind, [id]).first
    }

    /// The state and version of those of some orders that the ledger has.
    package func versions(of ids: [OrderID]) async throws -> [OrderID: OrderVersion] {
        guard !ids.isEmpty else { return [:] }
        let rows = try await pool.query(Statements.orderVersions, ids)
        return Dictionary(rows.map { ($0.id, $0.order) }) { $1 }
    }
}
