import TestSupport

/// Compares both stores and the responses of the service after a recovery with the data before it. Each check returns
/// nil if it finds no violation, otherwise their number with examples.
struct RecoveryAudit: Sendable {
    static let holdsUnits = "status IN ('held', 'confirmed')"
    /// Selects orders of the events of ``LedgerData``, not of the cluster's own events.
    static let isOfData = "event_id LIKE 'size-%'"

    let data: LedgerData
    let cluster: Cluster
    private var client: PatientClient { PatientClient(ports: cluster.apiPorts) }

    static func summary(_ wrong: [String]) -> String? {
        wrong.isEmpty ? nil : "\(wrong.count), the first \(wrong.prefix(3))"
    }

    /// Known keys that do not return their orders.
    func unreplayed() async throws -> String? {
        let wrong = try await data.keyedOrders.inParallel { order -> String? in
            let response = try await client.buy(order.event.description, customer: order.customer, key: order.key)
            let isReplay =
                response.status == 202 && response.text("ticket_id") == order.id.description
                && response.headers["idempotent-replayed"] == "true"
            return isReplay ? nil : "\(order.id): \(response.status) \(response.body)"
        }
        return Self.summary(wrong.compactMap { $0 })
    }

    /// Customers at the limit whose purchase is not refused, of 200 customers.
    func unlimited() async throws -> String? {
        let customers = try await cluster.sql(
            """
            SELECT event_id, customer FROM orders WHERE \(Self.isOfData) AND \(Self.holdsUnits)
            GROUP BY event_id, customer HAVING sum(quantity) = \(LedgerData.customerLimit)
            ORDER BY md5(event_id || customer) LIMIT 200
            """)
        let wrong = try await customers.inParallel { row -> String? in
            let (event, customer) = (row[0] ?? "", row[1] ?? "")
            let response = try await client.buy(event, customer: customer)
            let isRefused = response.status == 409 && response.text("code") == "customer-limit"
            return isRefused ? nil : "\(customer) of \(event): \(response.status) \(response.body)"
        }
        return Self.summary(wrong.compactMap { $0 })
    }

    /// Confirms 50 held orders and cancels 50 others.
    ///
    /// - Returns: the orders for which this failed.
    func unchangeable() async throws -> String? {
        let ids = try await cluster.sql(
            "SELECT id FROM orders WHERE \(Self.isOfData) AND status = 'held' ORDER BY md5(id::text) LIMIT 100"
        ).compactMap { $0[0] }
        let wrong = try await ids.enumerated().inParallel { index, id -> String? in
            let (path, state) = index < 50 ? ("confirm", "confirmed") : ("cancel", "cancelled")
            let response = try await client.send("POST", "/orders/\(id)/\(path)")
            let isDone = response.status == 200 && response.text("status") == state
            return isDone ? nil : "\(path) of \(id): \(response.status) \(response.body)"
        }
        return Self.summary(wrong.compactMap { $0 } + (ids.count == 100 ? [] : ["only \(ids.count) are held"]))
    }
}
