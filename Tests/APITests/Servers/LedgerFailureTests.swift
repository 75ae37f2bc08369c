import Foundation
import TestSupport
import Testing

/// What the routes answer while the ledger refuses statements.
@Suite(.timeLimit(.minutes(10))) struct LedgerFailureTests {
    private static let admin = ["Authorization": "Bearer secret"]

    /// Every route that reads or writes the ledger. The first one must reach it.
    private static let routes = [
        ("PUT", "/events/demo", #"{"name":"Other"}"#), ("PUT", "/events/demo", #"{"capacity":50}"#),
        ("PUT", "/events/new", #"{"name":"New","capacity":5}"#), ("POST", "/reset", "{}"),
        ("POST", "/admin/reconcile", "{}"), ("POST", "/admin/reconcile", #"{"event":"demo"}"#),
        ("GET", "/orders/01900000-0000-7000-8000-000000000000", nil),
        ("POST", "/orders/01900000-0000-7000-8000-000000000000/cancel", nil), ("GET", "/events", nil),
        ("GET", "/events/demo", nil), ("GET", "/events/none", nil), ("POST", "/buy", #"{"event":"none"}"#),
        ("GET", "/admin/queue", nil), ("GET", "/readyz", nil), ("GET", "/healthz", nil),
    ]

    /// Replaces the tables by views that fail with the code in the table `refusal`.
    private func makeTablesRefuse(_ test: TestStores) async throws {
        try await test.sql(
            """
            CREATE TABLE refusal (code text);
            CREATE FUNCTION refuse() RETURNS boolean LANGUAGE plpgsql AS $$
            DECLARE wanted text := (SELECT code FROM refusal);
            BEGIN
                IF wanted IS NOT NULL THEN RAISE EXCEPTION 'refused by a test' USING ERRCODE = wanted; END IF;
                RETURN true;
            END $$;
            ALTER TABLE events RENAME TO events_table;
            CREATE VIEW events AS SELECT *, xmin FROM events_table WHERE (SELECT refuse());
            ALTER TABLE orders RENAME TO orders_table;
            CREATE VIEW orders AS SELECT * FROM orders_table WHERE (SELECT refuse())
            """)
    }

    @Test(arguments: [
        "08006", "0A000", "25006", "25P02", "26000", "28000", "40001", "40P01", "42501", "42P01", "53100", "53200",
        "53300", "53400", "55P03", "57014", "57P01", "57P02", "57P03", "58030", "XX000", "XX001",
    ])
    func aLedgerThatCannotServeIsUnavailable(code: String) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await makeTablesRefuse(test)
                try await test.sql("INSERT INTO refusal VALUES ('\(code)')")
                var statuses: [Int] = []
                for (method, path, body) in Self.routes {
                    let response = try await api.send(method, path, body, headers: Self.admin)
                    statuses.append(response.status)
                    #expect(response.status != 500, "\(method) \(path): \(response.body)")
                    guard response.status == 503, path != "/readyz" else { continue }
                    #expect(
                        ["store-unavailable", "recovering"].contains(response.text("code")),
                        "\(method) \(path): \(response.body)")
                    #expect(response.headers["retry-after"] != nil, "\(method) \(path)")
                }
                #expect(statuses.first == 503)
                try await test.sql("DELETE FROM refusal")
                try await eventually("changes are accepted again") {
                    try await api.send("PUT", "/events/demo", #"{"name":"Again"}"#, headers: Self.admin).status == 200
                }
            }
        }
    }

    @Test func aMistakeOfThisProgramIsAnInternalErrorWithTheIdOfTheRequest() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await makeTablesRefuse(test)
                try await test.sql("INSERT INTO refusal VALUES ('42601')")
                let response = try await api.send("PUT", "/events/demo", #"{"name":"x"}"#, headers: Self.admin)
                #expect(response.status == 500)
                #expect(response.text("request_id") != nil)
                #expect(!response.body.contains("refused by a test"))
            }
        }
    }

    /// The server itself refuses to write, as a standby does.
    @Test func aReadOnlyServerIsUnavailableAndServesAgainLater() async throws {
        try await withPostgresServer { postgres in
            try await withTestStores(postgres: postgres) { test in
                try await test.withAPI { api in
                    try await postgres.set("default_transaction_read_only", to: "on")
                    try await eventually("changes are refused") {
                        let response = try await api.send(
                            "PUT", "/events/demo", #"{"name":"x"}"#, headers: Self.admin)
                        #expect(response.status == 200 || response.status == 503)
                        return response.text("code") == "store-unavailable" && response.headers["retry-after"] != nil
                    }
                    #expect(try await api.send("GET", "/events/demo").status == 200)
                    #expect(try await api.send("POST", "/buy").status == 202, "the sale goes on")
                    try await postgres.set("default_transaction_read_only", to: "off")
                    try await eventually("changes are accepted") {
                        try await api.send("PUT", "/events/demo", #"{"name":"y"}"#, headers: Self.admin).status == 200
                    }
                }
            }
        }
    }
}
