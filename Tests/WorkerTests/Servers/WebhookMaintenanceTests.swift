import Ledger
import TestSupport
import Testing
import WorkerTestSupport

/// What a worker removes by itself.
@Suite(.timeLimit(.minutes(10))) struct WebhookMaintenanceTests {
    /// A sale with deliveries of every age, which a worker has cleaned up. Nothing is sent: the endpoint has failed too often.
    private func afterMaintenance(_ body: (TestStores) async throws -> Void) async throws {
        try await withTestStores(readsChanges: true) { test in
            for id in ["w", "deleted"] { try await test.register(id, "http://127.0.0.1:1/") }
            try await test.sql("UPDATE webhook_progress SET failures = 8, retry_at = now() + interval '1 hour'")
            try await test.sql(
                """
                INSERT INTO webhook_deliveries (endpoint, seq, xid, state, retry_until, done_at)
                SELECT number, seq, pg_current_xact_id(), state, now() + retry, now() + done
                FROM webhook_endpoints JOIN (VALUES
                    ('w', 1, 'delivered', interval '0', interval '-73 hours'),
                    ('w', 2, 'delivered', interval '0', interval '-71 hours'),
                    ('w', 3, 'dead', interval '0', interval '-31 days'),
                    ('w', 4, 'dead', interval '0', interval '-29 days'),
                    ('w', 5, 'pending', interval '-1 hour', NULL),
                    ('w', 6, 'pending', interval '1 hour', NULL),
                    ('deleted', 7, 'pending', interval '1 hour', NULL)
                ) AS old (name, seq, state, retry, done) ON name = id
                """)
            #expect(try await test.ledger.deleteWebhook("deleted", by: .test))
            try await test.withWorkers(environment: ["WEBHOOK_ALLOW_PRIVATE": "true"]) {
                try await eventually("the worker has removed what is left of a deleted endpoint", within: 240) {
                    // The last step of a round.
                    try await test.sql("SELECT count(*) FROM webhook_progress WHERE endpoint <> 0") == "1"
                }
            }
            try await body(test)
        }
    }

    private func states(_ test: TestStores) async throws -> String? {
        try await test.sql("SELECT string_agg(seq || ' ' || state, ', ' ORDER BY seq) FROM webhook_deliveries")
    }

    @Test func deliveriesAreKeptForTheirTime() async throws {
        try await afterMaintenance { test in
            let states = try await states(test)
            #expect(states == "2 delivered, 4 dead, 5 dead, 6 pending")
        }
    }

    @Test func whatWasNeverTriedIsGivenUpWhenItsTimeHasEnded() async throws {
        try await afterMaintenance { test in
            let answer = try await test.sql("SELECT answer FROM webhook_deliveries WHERE seq = 5 AND state = 'dead'")
            #expect(answer == "not tried: the endpoint has failed or was paused all the time")
        }
    }
}
