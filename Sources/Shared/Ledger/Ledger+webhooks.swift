package import Domain
import PostgresClient

/// Endpoints, for operators. Each change has its line in the audit trail, in the same transaction.
extension Ledger {
    /// The maximum number of endpoints.
    package static let webhookLimit = 100
    /// How long a secret is valid after it was rotated.
    package static let secretOverlapHours = 24

    /// All endpoints, or one of them.
    package func webhooks(_ id: String? = nil) async throws -> [WebhookEndpoint] {
        try await pool.query(Statements.webhooksList, id)
    }

    /// What has become of a change of an endpoint.
    package enum WebhookChange: Hashable, Sendable {
        case created, changed, tooMany
    }

    /// Creates an endpoint, or changes it.
    ///
    /// - Parameters:
    ///   - secret: of a new endpoint.
    ///   - change: gets the present terms, nil if there is no such endpoint, and returns the new ones.
    package func putWebhook(
        _ id: String, secret: String, by author: AuditAuthor, _ change: @Sendable (WebhookTerms?) throws -> WebhookTerms
    ) async throws -> WebhookChange {
        let outcome = try await pool.withTransaction { connection -> WebhookChange? in
            if let present = try await connection.query(Statements.webhookLock, id).first {
                let terms = try change(present.terms)
                guard terms != present.terms else { return .changed }
                try await connection.execute(Statements.webhookUpdate, (id: id, terms: terms))
                let (before, after) = (AuditDetails(present.terms), AuditDetails(terms))
                try await connection.record(
                    .webhookChange, of: id, before: before.without(after), after: after.without(before), by: author)
                return .changed
            }
            let terms = try change(nil)
            guard try await connection.query(Statements.webhookCount, ()).first ?? 0 < Self.webhookLimit else {
                return .tooMany
            }
            let made = try await connection.query(Statements.webhookInsert, (id: id, terms: terms, secret: secret))
            // Nil: another request has created it since.
            guard !made.isEmpty else { return nil }
            try await connection.record(.webhookCreate, of: id, before: nil, after: AuditDetails(terms), by: author)
            return .created
        }
        guard let outcome else { return try await putWebhook(id, secret: secret, by: author, change) }
        if outcome == .created { try await waitForWriters(within: .seconds(5)) }
        return outcome
    }

    /// Gives an endpoint another secret; the present one is valid for 24 hours more. False if there is no such endpoint.
    package func rotateWebhook(_ id: String, secret: String, by author: AuditAuthor) async throws -> Bool {
        try await pool.withTransaction { connection in
            let input = (id: id, secret: secret, hours: Self.secretOverlapHours)
            guard try await connection.execute(Statements.webhookRotate, input) == 1 else { return false }
            try await connection.record(.webhookRotate, of: id, before: nil, after: nil, by: author)
            return true
        }
    }

    /// Deletes an endpoint and what it waits for. False if there is no such endpoint.
    package func deleteWebhook(_ id: String, by author: AuditAuthor) async throws -> Bool {
        try await pool.withTransaction { connection in
            guard let present = try await connection.query(Statements.webhookLock, id).first else { return false }
            try await connection.execute(Statements.webhookDelete, id)
            try await connection.record(
                .webhookDelete, of: id, before: AuditDetails(present.terms), after: nil, by: author)
            return true
        }
    }

    /// What can prevent a message to an endpoint.
    package enum WebhookRefusal: Error, Hashable, Sendable {
        case unknown, hasNoURL, isPaused
    }

    /// Queues a test message for an endpoint, and returns the number of its delivery. Throws a ``WebhookRefusal``.
    package func testWebhook(_ id: String, by author: AuditAuthor) async throws -> Int {
        try await pool.withTransaction { connection in
            guard let present = try await connection.query(Statements.webhookLock, id).first else {
                throw WebhookRefusal.unknown
            }
            guard present.terms.url != nil else { throw WebhookRefusal.hasNoURL }
            guard present.terms.pause == nil else { throw WebhookRefusal.isPaused }
            var details = AuditDetails()
            details["webhook"] = .text(id)
            let input = (endpoint: present.number, details: details)
            guard let sequence = try await connection.query(Statements.webhookTest, input).first else {
                throw PostgresError(.unexpectedResult, "the statement webhook_test did not return a row")
            }
            try await connection.record(.webhookTest, of: id, before: nil, after: nil, by: author)
            return sequence
        }
    }

    /// Makes a delivery due again, whatever its state. False if there is no such delivery, or its change was removed.
    package func retryDelivery(
        _ sequence: Int, of endpoint: WebhookEndpoint, by author: AuditAuthor
    ) async throws -> Bool {
        try await pool.withTransaction { connection in
            let input = (endpoint: endpoint.number, sequence: sequence)
            guard try await connection.execute(Statements.webhookRetry, input) == 1 else { return false }
            var after = AuditDetails()
            after["delivery"] = .number(sequence)
            try await connection.record(.webhookRetry, of: endpoint.id, before: nil, after: after, by: author)
            return true
        }
    }

    /// Deliveries of an endpoint, the newest first, those with a lower number only.
    package func deliveries(
        of endpoint: WebhookEndpoint, before: Int?, in state: DeliveryState?, limit: Int
    ) async throws -> [WebhookDelivery] {
        try await pool.query(
            Statements.webhookDeliveriesList,
            (endpoint: endpoint.number, before: before, state: state, limit: limit))
    }
}

extension AuditDetails {
    /// What an endpoint wants, with the names of `PUT /admin/webhooks/{id}`. A query of the URL can be a secret, so it is left
    /// out.
    fileprivate init(_ terms: WebhookTerms) {
        self.init()
        self["url"] = terms.url.map { .text(String($0.prefix { $0 != "?" })) }
        self["types"] = terms.types.map { .text($0.map(\.rawValue).joined(separator: ",")) }
        self["events"] = terms.events.map { .text($0.map(\.description).joined(separator: ",")) }
        self["paused"] = .flag(terms.pause != nil)
    }
}
