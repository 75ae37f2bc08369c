import Domain
import PostgresClient

/// Statements on endpoints.
extension Statements {
    static let webhooks: [any AnyPostgresStatement] = [
        webhooksList, webhookLock, webhookCount, webhookInsert, webhookUpdate, webhookRotate, webhookDelete,
        webhookPause, webhookTest, webhookAge,
    ]

    /// Its input is the id of one; nil for all.
    static let webhooksList = PostgresStatement<String?, WebhookEndpoint>(
        "webhooks_list", sql: PackageResources.webhooks_list_sql, isPrepared: false, parameters: ["id": { $0 }]
    ) { columns in
        let number = try columns["number", as: Int.self]
        let id = try columns["id", as: String.self]
        let terms = try webhookTerms(columns)
        let previousUntil = try columns["previous_until", as: Timestamp?.self]
        let createdAt = try columns["created_at", as: Timestamp.self]
        let updatedAt = try columns["updated_at", as: Timestamp.self]
        let failures = try columns["failures", as: Int.self]
        let retryAt = try columns["retry_at", as: Timestamp?.self]
        let pending = try columns["pending", as: Int.self]
        let retrying = try columns["retrying", as: Int.self]
        let dead = try columns["dead", as: Int.self]
        return { row in
            WebhookEndpoint(
                number: try row[number], id: try row[id], terms: try terms(row),
                previousUntil: try row[previousUntil], createdAt: try row[createdAt], updatedAt: try row[updatedAt],
                failures: try row[failures], retryAt: try row[retryAt], pending: try row[pending],
                retrying: try row[retrying], dead: try row[dead])
        }
    }

    static let webhookLock = PostgresStatement<String, (number: Int, terms: WebhookTerms)>(
        "webhook_lock", sql: PackageResources.webhook_lock_sql, parameters: ["id": { $0 }]
    ) { columns in
        let number = try columns["number", as: Int.self]
        let terms = try webhookTerms(columns)
        return { row in (number: try row[number], terms: try terms(row)) }
    }

    @Sendable private static func webhookTerms(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> WebhookTerms {
        let url = try columns["url", as: String?.self]
        let types = try columns["types", as: String?.self]
        let events = try columns["events", as: String?.self]
        let paused = try columns["paused", as: WebhookPause?.self]
        return { row in
            WebhookTerms(
                url: try row[url],
                types: try row[types].map { $0.split(separator: ",").compactMap { ChangeType(rawValue: String($0)) } },
                events: try row[events].map { $0.split(separator: ",").compactMap { EventID($0) } },
                pause: try row[paused])
        }
    }

    static let webhookCount = PostgresStatement<Void, Int>(
        "webhook_count", sql: PackageResources.webhook_count_sql
    ) { columns in
        let count = try columns["count", as: Int.self]
        return { row in try row[count] }
    }

    static let webhookInsert = PostgresStatement<(id: String, terms: WebhookTerms, secret: String), Int>(
        "webhook_insert", sql: PackageResources.webhook_insert_sql,
        parameters: [
            "id": { $0.id }, "url": { $0.terms.url }, "types": { $0.terms.types }, "events": { $0.terms.events },
            "paused": { $0.terms.pause }, "secret": { $0.secret },
        ]
    ) { columns in
        let number = try columns["number", as: Int.self]
        return { row in try row[number] }
    }

    static let webhookUpdate = PostgresStatement<(id: String, terms: WebhookTerms), Never>(
        "webhook_update", sql: PackageResources.webhook_update_sql,
        parameters: [
            "id": { $0.id }, "url": { $0.terms.url }, "types": { $0.terms.types }, "events": { $0.terms.events },
            "paused": { $0.terms.pause },
        ])

    static let webhookRotate = PostgresStatement<(id: String, secret: String, hours: Int), Never>(
        "webhook_rotate", sql: PackageResources.webhook_rotate_sql,
        parameters: ["id": { $0.id }, "secret": { $0.secret }, "hours": { $0.hours }])

    static let webhookDelete = PostgresStatement<String, Never>(
        "webhook_delete", sql: PackageResources.webhook_delete_sql, parameters: ["id": { $0 }])

    static let webhookPause = PostgresStatement<Int, Never>(
        "webhook_pause", sql: PackageResources.webhook_pause_sql, parameters: ["endpoint": { $0 }])

    static let webhookTest = PostgresStatement<(endpoint: Int, details: AuditDetails), Int>(
        "webhook_test", sql: PackageResources.webhook_test_sql,
        parameters: ["endpoint": { $0.endpoint }, "details": { $0.details }]
    ) { columns in
        let sequence = try columns["seq", as: Int.self]
        return { row in try row[sequence] }
    }

    static let webhookAge = PostgresStatement<Void, Int>(
        "webhook_age", sql: PackageResources.webhook_age_sql, isPrepared: false
    ) { columns in
        let age = try columns["age", as: Int.self]
        return { row in try row[age] }
    }
}
