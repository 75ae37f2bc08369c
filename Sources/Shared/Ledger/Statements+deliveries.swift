import Domain
import PostgresClient
import Timing

/// Statements on deliveries. Those that read much are planned each time, because the size of the tables changes much.
extension Statements {
    static let deliveries: [any AnyPostgresStatement] = [
        webhookClaim, webhookTurn, webhookDue, webhookRecord, webhookSlow, webhookRelease, webhookDeliveriesList,
        webhookRetry, webhookExpire, webhookDeliveriesRemove, webhookDeliveriesOrphaned, webhookProgressOrphaned,
    ]

    typealias Claim = (owner: String, lease: Duration, limit: Int)

    static let webhookClaim = PostgresStatement<Claim, Int>(
        "webhook_claim", sql: PackageResources.webhook_claim_sql, isPrepared: false,
        parameters: [
            "owner": { $0.owner }, "lease": { $0.lease.wholeMilliseconds }, "limit": { $0.limit },
        ]
    ) { columns in
        let endpoint = try columns["endpoint", as: Int.self]
        return { row in try row[endpoint] }
    }

    typealias Turn = (endpoint: Int, owner: String, lease: Duration, limit: Int)

    static let webhookTurn = PostgresStatement<Turn, WebhookTurn>(
        "webhook_turn", sql: PackageResources.webhook_turn_sql, isPrepared: false,
        parameters: [
            "endpoint": { $0.endpoint }, "owner": { $0.owner }, "lease": { $0.lease.wholeMilliseconds },
            "limit": { $0.limit },
        ]
    ) { columns in
        let id = try columns["id", as: String.self]
        let url = try columns["url", as: String.self]
        let secret = try columns["secret", as: String.self]
        let previous = try columns["previous_secret", as: String?.self]
        let failures = try columns["failures", as: Int.self]
        let fanned = try columns["fanned", as: Int.self]
        return { row in
            WebhookTurn(
                id: try row[id], url: try row[url], secret: try row[secret], previousSecret: try row[previous],
                failures: try row[failures], fanned: try row[fanned])
        }
    }

    static let webhookDue = PostgresStatement<(endpoint: Int, busy: [Int], limit: Int), DueDelivery>(
        "webhook_due", sql: PackageResources.webhook_due_sql, isPrepared: false,
        parameters: ["endpoint": { $0.endpoint }, "busy": { $0.busy }, "limit": { $0.limit }]
    ) { columns in
        let sequence = try columns["delivery", as: Int.self]
        let attempts = try columns["attempts", as: Int.self]
        let change = try change(columns)
        return { row in
            DueDelivery(sequence: try row[sequence], attempts: try row[attempts], change: try change(row))
        }
    }

    static let webhookRecord = PostgresStatement<(endpoint: Int, results: [DeliveryResult]), DeliveryState>(
        "webhook_record", sql: PackageResources.webhook_record_sql, isPrepared: false,
        parameters: [
            "endpoint": { $0.endpoint }, "seqs": { $0.results.map(\.sequence) },
            "successes": { $0.results.map(\.isSuccess) }, "delays": { $0.results.map(\.delay.wholeMilliseconds) },
            "statuses": { $0.results.map(\.status) }, "answers": { $0.results.map(\.answer) },
        ]
    ) { columns in
        let state = try columns["state", as: DeliveryState.self]
        return { row in try row[state] }
    }

    static let webhookSlow = PostgresStatement<(endpoint: Int, owner: String, failures: Int, delay: Duration), Never>(
        "webhook_slow", sql: PackageResources.webhook_slow_sql,
        parameters: [
            "endpoint": { $0.endpoint }, "owner": { $0.owner }, "failures": { $0.failures },
            "delay": { $0.delay.wholeMilliseconds },
        ])

    static let webhookRelease = PostgresStatement<(endpoint: Int, owner: String), Never>(
        "webhook_release", sql: PackageResources.webhook_release_sql,
        parameters: ["endpoint": { $0.endpoint }, "owner": { $0.owner }])

    typealias DeliveriesBefore = (endpoint: Int, before: Int?, state: DeliveryState?, limit: Int)

    static let webhookDeliveriesList = PostgresStatement<DeliveriesBefore, WebhookDelivery>(
        "webhook_deliveries_list", sql: PackageResources.webhook_deliveries_list_sql, isPrepared: false,
        parameters: [
            "endpoint": { $0.endpoint }, "before": { $0.before }, "state": { $0.state }, "limit": { $0.limit },
        ]
    ) { columns in
        let sequence = try columns["seq", as: Int.self]
        let state = try columns["state", as: DeliveryState.self]
        let attempts = try columns["attempts", as: Int.self]
        let status = try columns["status", as: Int?.self]
        let answer = try columns["answer", as: String?.self]
        let id = try columns["id", as: String?.self]
        let type = try columns["type", as: ChangeType?.self]
        let event = try columns["event_id", as: String?.self]
        let createdAt = try columns["created_at", as: Timestamp.self]
        let attemptedAt = try columns["attempted_at", as: Timestamp?.self]
        let nextAt = try columns["next_at", as: Timestamp?.self]
        return { row in
            WebhookDelivery(
                sequence: try row[sequence], state: try row[state], attempts: try row[attempts],
                status: try row[status], answer: try row[answer], message: try row[id], type: try row[type],
                event: try row[event], createdAt: try row[createdAt], attemptedAt: try row[attemptedAt],
                nextAt: try row[nextAt])
        }
    }

    static let webhookRetry = PostgresStatement<(endpoint: Int, sequence: Int), Never>(
        "webhook_retry", sql: PackageResources.webhook_retry_sql,
        parameters: ["endpoint": { $0.endpoint }, "seq": { $0.sequence }])

    static let webhookExpire = PostgresStatement<(failures: Int, limit: Int), Never>(
        "webhook_expire", sql: PackageResources.webhook_expire_sql, isPrepared: false,
        parameters: ["failures": { $0.failures }, "limit": { $0.limit }])

    static let webhookDeliveriesRemove = PostgresStatement<(state: DeliveryState, hours: Int, limit: Int), Never>(
        "webhook_deliveries_remove", sql: PackageResources.webhook_deliveries_remove_sql, isPrepared: false,
        parameters: ["state": { $0.state }, "hours": { $0.hours }, "limit": { $0.limit }])

    static let webhookDeliveriesOrphaned = PostgresStatement<Int, Never>(
        "webhook_deliveries_orphaned", sql: PackageResources.webhook_deliveries_orphaned_sql, isPrepared: false,
        parameters: ["limit": { $0 }])

    static let webhookProgressOrphaned = PostgresStatement<Void, Never>(
        "webhook_progress_orphaned", sql: PackageResources.webhook_progress_orphaned_sql, isPrepared: false)
}

extension Duration {
    fileprivate var wholeMilliseconds: Int { Int(milliseconds) }
}
