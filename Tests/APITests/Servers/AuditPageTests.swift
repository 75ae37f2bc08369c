import Foundation
import TestSupport
import Testing

@testable import API

/// Reading the audit trail.
@Suite(.timeLimit(.minutes(10))) struct AuditPageTests {
    private let admin = ["Authorization": "Bearer secret"]

    private func withLines(
        _ count: Int, _ body: @escaping @Sendable (TestStores, HTTPClient) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.sql(
                """
                INSERT INTO audit (actor, action, subject, outcome)
                SELECT CASE WHEN n % 50 = 0 THEN 'anna' ELSE 'bert' END, 'event.change', 'event-' || n % 7, 'done'
                FROM generate_series(1, \(count)) AS n
                """)
            try await test.withAPI(demo: false) { try await body(test, $0) }
        }
    }

    /// All pages of a query.
    private func pages(_ api: HTTPClient, _ query: String) async throws -> [[AuditEntry]] {
        var pages: [[AuditEntry]] = []
        var after = ""
        while true {
            let response = try await api.send("GET", "/admin/audit?\(query)\(after)", headers: admin)
            #expect(response.status == 200)
            pages.append((response.json["entries"] as? [[String: Any]] ?? []).map { AuditEntry($0) })
            guard let next = response.integer("next_after") else { return pages }
            #expect(pages.last?.last?.id == next)
            after = "&after=\(next)"
        }
    }

    @Test func pagesHaveEachLineOnceTheNewestFirst() async throws {
        try await withLines(250) { _, api in
            let pages = try await pages(api, "limit=100")
            #expect(pages.map(\.count) == [100, 100, 50])
            #expect(pages.flatMap { $0 }.map(\.id) == Array((1...250).reversed()))
            #expect(try await self.pages(api, "").map(\.count) == [100, 100, 50], "100 is the default")
            #expect(try await self.pages(api, "limit=125").map(\.count) == [125, 125], "the last page can be full")
            #expect(try await self.pages(api, "limit=1000").map(\.count) == [250])
        }
    }

    @Test func linesOfASubjectOrAnActorAreFound() async throws {
        try await withLines(350) { _, api in
            let subject = try await pages(api, "subject=event-3&limit=20")
            #expect(subject.map(\.count) == [20, 20, 10])
            #expect(subject.joined().allSatisfy { $0.subject == "event-3" })
            let actor = try await pages(api, "actor=anna&limit=4")
            #expect(actor.map(\.count) == [4, 3])
            #expect(actor.joined().allSatisfy { $0.actor == "anna" })
            let both = try await pages(api, "subject=event-1&actor=anna")
            #expect(both.flatMap { $0 }.map(\.id) == [50])
            for none in ["subject=event", "actor=ann", "subject=*", "subject=event-3&after=1"] {
                let found = try await api.send("GET", "/admin/audit?\(none)", headers: admin)
                #expect(found.body == #"{"entries":[]}"#, "\(none)")
            }
        }
    }

    @Test(arguments: [
        "limit=0", "limit=1001", "limit=x", "limit=", "after=0", "after=-1", "after=x", "after=9223372036854775808",
        "subject=", "actor=", "subject=%00", "subject=a%20b", "actor=%C3%A4",
        "subject=\(String(repeating: "s", count: 129))",
    ])
    func anInvalidQueryIsRefused(query: String) async throws {
        try await withTestStores { test in
            try await test.withAPI(demo: false) { api in
                let refused = try await api.send("GET", "/admin/audit?\(query)", headers: admin)
                #expect(refused.status == 400)
                #expect(refused.text("code") == "invalid-request")
                #expect(refused.text("field") == String(query.prefix { $0 != "=" }))
            }
        }
    }

    /// However many lines there are, a page of one subject or actor reads only its own.
    @Test func aSubjectOrAnActorIsFoundByAnIndex() async throws {
        try await withTestStores { test in
            try await test.sql(
                """
                INSERT INTO audit (actor, action, subject, outcome)
                SELECT 'actor-' || n % 500, 'event.change', 'event-' || n % 500, 'done' FROM generate_series(1, 20000) AS n
                """)
            try await test.sql("ANALYZE audit")
            let statement = try String(
                contentsOf: checkout.appendingPathComponent("Sources/Shared/Ledger/Statements/audit_list.sql"),
                encoding: .utf8)
            for (subject, actor, index) in [
                ("'event-3'", "NULL", "audit_subject"), ("NULL", "'actor-3'", "audit_actor"),
            ] {
                var sql = statement.replacing("::", with: " AS CAST ")
                for (name, value) in [("before_id", "20000"), ("subject", subject), ("actor", actor), ("limit", "100")]
                {
                    sql = sql.replacing(try Regex(":\(name)\\b"), with: value)
                }
                let script = "EXPLAIN " + sql.replacing(" AS CAST ", with: "::")
                let plan = try await test.pool.withConnection { try await $0.execute(script: script) }
                let text = plan.rows.map { "\($0)" }.joined(separator: "\n")
                #expect(text.contains(index), "\(text)")
            }
        }
    }
}
