import Domain
import PostgresClient

/// Delivering changes, for workers.
extension Ledger {
    /// Gives a worker up to `limit` endpoints that have something to be done and that no other worker has.
    package func claimWebhooks(for owner: String, lease: Duration, limit: Int) async throws -> [Int] {
        try await pool.query(Statements.webhookClaim, (owner: owner, lease: lease, limit: limit))
    }

    /// Renews the lease of an endpoint, and makes deliveries of up to `limit` changes. Nil if the worker does not have the
    /// endpoint any more, or if it is paused or deleted.
    package func webhookTurn(
        _ endpoint: Int, owner: String, lease: Duration, limit: Int
    ) async throws -> WebhookTurn? {
        let input = (endpoint: endpoint, owner: owner, lease: lease, limit: limit)
        return try await inIndexOrder { try await $0.query(Statements.webhookTurn, input).first }
    }

    /// Deliveries that are due, except those that the worker has already.
    package func dueDeliveries(
        of endpoint: Int, except busy: some Sequence<Int>, limit: Int
    ) async throws -> [DueDelivery] {
        try await pool.query(Statements.webhookDue, (endpoint: endpoint, busy: Array(busy), limit: limit))
    }

    /// Adds results to their deliveries, each of which has one, and returns the states of those that were not done before.
    package func record(_ results: [DeliveryResult], of endpoint: Int) async throws -> [DeliveryState] {
        try await pool.query(Statements.webhookRecord, (endpoint: endpoint, results: results))
    }

    /// Notes the failures of an endpoint since its last success, and how long nothing is sent to it.
    package func noteFailures(_ failures: Int, of endpoint: Int, owner: String, delay: Duration) async throws {
        try await pool.execute(
            Statements.webhookSlow, (endpoint: endpoint, owner: owner, failures: failures, delay: delay))
    }

    /// Pauses an endpoint that has said it is gone.
    package func pauseGoneWebhook(_ endpoint: Int) async throws {
        try await pool.execute(Statements.webhookPause, endpoint)
    }

    package func releaseWebhook(_ endpoint: Int, owner: String) async throws {
        try await pool.execute(Statements.webhookRelease, (endpoint: endpoint, owner: owner))
    }

    /// The age of the oldest change that an endpoint has not got; zero if there is none.
    package func oldestUndelivered() async throws -> Duration {
        .milliseconds(try await pool.query(Statements.webhookAge, ()).first ?? 0)
    }

    /// Whether there is an endpoint.
    package func hasWebhooks() async throws -> Bool {
        try await pool.query(Statements.webhookCount, ()).first ?? 0 > 0
    }

    /// Gives up deliveries whose time has ended without an attempt, up to `limit` of each endpoint. Returns how many.
    package func expireDeliveries(failures: Int, limit: Int) async throws -> Int {
        try await pool.execute(Statements.webhookExpire, (failures: failures, limit: limit))
    }

    /// Removes up to `limit` deliveries that have been done for some hours. Returns how many.
    package func removeDeliveries(_ state: DeliveryState, olderThan hours: Int, limit: Int) async throws -> Int {
        try await pool.execute(Statements.webhookDeliveriesRemove, (state: state, hours: hours, limit: limit))
    }

    /// Removes up to `limit` deliveries of each deleted endpoint. Returns how many.
    package func removeOrphanedDeliveries(limit: Int) async throws -> Int {
        let removed = try await pool.execute(Statements.webhookDeliveriesOrphaned, limit)
        if removed == 0 { try await pool.execute(Statements.webhookProgressOrphaned, ()) }
        return removed
    }
}
