import Domain
import PostgresClient

/// Statements that write snapshots of orders.
extension Statements {
    /// The lease under which a batch was taken from its partition's queue.
    struct Lease: Sendable {
        var partition: Int
        var number: Int
        /// The epoch in which the lease began; nil for that of the partition.
        var epoch: Int?
    }

    /// Its row is the time.
    static let ordersInsert = PostgresStatement<(orders: NewOrders, lease: Lease), Timestamp>(
        "orders_insert", sql: PackageResources.orders_insert_sql,
        parameters: [
            "event_id": { $0.orders.event }, "generation": { $0.orders.generation }, "units": { $0.orders.units },
            "ids": { PostgresBinaryArray($0.orders.orders.lazy.map(\.id)) },
            "claimed_at": { PostgresBinaryArray($0.orders.orders.lazy.map(\.claimedAt)) },
            "quantities": { $0.orders.quantities.map { PostgresBinaryArray($0) } },
            "customers": { $0.orders.customers.map { PostgresBinaryArray($0) } },
            "lease": { $0.lease.number }, "partition": { $0.lease.partition }, "epoch": { $0.lease.epoch },
        ]
    ) { columns in
        let time = try columns["written_at", as: Timestamp.self]
        return { row in try row[time] }
    }

    /// A row of the answer to ``ordersWrite``.
    struct Written: Sendable {
        enum Outcome: String, Sendable, PostgresDecodable {
            /// The first row: when the statement ran.
            case now
            /// The ledger has no such event.
            case unknown
            /// The event has a later generation than the order.
            case forgotten
            /// The event has an earlier generation than the order.
            case ahead
            /// The ledger has the order in this version or a later one, or has rejected it.
            case present
        }

        var id: OrderID?
        var outcome: Outcome
        var time: Timestamp?
    }

    static let ordersWrite = PostgresStatement<(orders: [Order], lease: Lease), Written>(
        "orders_write", sql: PackageResources.orders_write_sql,
        parameters: [
            "ids": { $0.orders.map(\.id) }, "events": { $0.orders.map(\.event) },
            "generations": { $0.orders.map(\.generation) }, "states": { $0.orders.map(\.state) },
            "versions": { $0.orders.map(\.version) }, "customers": { $0.orders.map(\.customer) },
            "quantities": { $0.orders.map(\.quantity) }, "claimed_at": { $0.orders.map(\.claimedAt) },
            "confirmed_at": { $0.orders.map(\.confirmedAt) }, "expires_at": { $0.orders.map(\.expiresAt) },
            "reasons": { $0.orders.map(\.reason) },
            "lease": { $0.lease.number }, "partition": { $0.lease.partition }, "epoch": { $0.lease.epoch },
        ]
    ) { columns in
        let id = try columns["id", as: OrderID?.self]
        let outcome = try columns["outcome", as: Written.Outcome.self]
        let time = try columns["written_at", as: Timestamp?.self]
        return { row in Written(id: try row[id], outcome: try row[outcome], time: try row[time]) }
    }

    static let ordersSettled = PostgresStatement<[OrderID], (id: OrderID, settlement: Settlement)>(
        "orders_settled", sql: PackageResources.orders_settled_sql, parameters: ["ids": { $0 }]
    ) { columns in
        let id = try columns["id", as: OrderID.self]
        let status = try columns["status", as: OrderState.self]
        let version = try columns["version", as: Int.self]
        let confirmedAt = try columns["confirmed_at", as: Timestamp?.self]
        let reason = try columns["reason", as: String?.self]
        return { row in
            let settlement: Settlement =
                try row[status] == .rejected
                ? .rejected(reason: try row[reason] ?? "rejected")
                : .recorded(version: try row[version], confirmedAt: try row[confirmedAt])
            return (id: try row[id], settlement: settlement)
        }
    }

    static let orderReject = PostgresStatement<(order: Order, reason: String), Never>(
        "order_reject", sql: PackageResources.order_reject_sql,
        parameters: [
            "id": { $0.order.id }, "event_id": { $0.order.event }, "generation": { $0.order.generation },
            "customer": { $0.order.customer }, "quantity": { $0.order.quantity }, "reason": { $0.reason },
            "claimed_at": { $0.order.claimedAt }, "expires_at": { $0.order.expiresAt },
            "version": { $0.order.version },
        ])
}
