import TestSupport

/// What both stores and the service say after a recovery, against what was put into the ledger before it. Each answer is
/// nil if nothing is wrong; otherwise it says how much is wrong, with examples.
struct RecoveryAudit: Sendable {
    static let holdsUnits = "status IN ('held', 'confirmed')"
    /// Of events that the data is of, not the cluster's own.
    static let isOfData = "event_id LIKE 'size-%'"

    let data: LedgerData
    let cluster: Cluster
    private var client: PatientClient { PatientClient(ports: cluster.apiPorts) }

    static func summary(_ wrong: [String]) -> String? {
        wrong.isEmpty ? nil : "\(wrong.count), the first \(wrong.prefix(3))"
    }

    /// Known keys that do not lead to their orders.
    func unreplayed() async throws -> String? {
        let wrong = try await data.keyedOrders.inParallel { order -> String? in
            let answer = try await client.buy(order.event.description, customer: order.customer, key: order.key)
            let isReplay =
                answer.status == 202 && answer.text("ticket_id") == order.id.description
                && answer.headers["idempotent-replayed"] == "true"
            return isReplay ? nil : "\(order.id): \(answer.status) \(answer.body)"
        }
        return Self.summary(wrong.compactMap { $0 })
    }

    /// Customers at the limit, of 200, who are not refused.
    func unlimited() async throws -> String? {
        let customers = try await cluster.sql(
            """
            SELECT event_id, customer FROM orders WHERE \(Self.isOfData) AND \(Self.holdsUnits)
            GROUP BY event_id, customer HAVING sum(quantity) = \(LedgerData.customerLimit)
            ORDER BY md5(event_id || customer) LIMIT 200
            """)
        let wrong = try await customers.inParallel { row -> String? in
            let (event, customer) = (row[0] ?? "", row[1] ?? "")
            let answer = try await client.buy(event, customer: customer)
            let isRefused = answer.status == 409 && answer.text("code") == "customer-limit"
            return isRefused ? nil : "\(customer) of \(event): \(answer.status) \(answer.body)"
        }
        return Self.summary(wrong.compactMap { $0 })
    }

    /// Confirms 50 orders that are held and cancels 50 others; those of which that is refused.
    func unchangeable() async throws -> String? {
        let ids = try await cluster.sql(
            "SELECT id FROM orders WHERE \(Self.isOfData) AND status = 'held' ORDER BY md5(id::text) LIMIT 100"
        ).compactMap { $0[0] }
        let wrong = try await ids.enumerated().inParallel { place, id -> String? in
            let (path, state) = place < 50 ? ("confirm", "confirmed") : ("cancel", "cancelled")
            let answer = try await client.send("POST", "/orders/\(id)/\(path)")
            let isDone = answer.status == 200 && answer.text("status") == state
            return isDone ? nil : "\(path) of \(id): \(answer.status) \(answer.body)"
        }
        return Self.summary(wrong.compactMap { $0 } + (ids.count == 100 ? [] : ["only \(ids.count) are held"]))
    }
}
