import PostgresClient
import TestSupport
import Testing

@testable import Domain
@testable import Ledger

/// Pages of orders read an index, however large the table is, and a bounded part of it.
@Suite(.timeLimit(.minutes(10))) struct OrderPagesServerTests {
    /// Inserts orders of two events, one a millisecond, of which every thousandth belongs to `rare`.
    private func insert(_ count: Int, _ test: TestStores) async throws -> EventID {
        let rare = try #require(EventID("rare"))
        for event in [EventID.demo, rare] {
            try await test.catalogue.ensure(event, EventTerms(name: "x", capacity: 1_000_000))
        }
        try await test.sql(
            """
            INSERT INTO orders (id, event_id, customer, quantity, status, claimed_at)
            SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + number), 12, '0')
                || '70008000' || lpad(to_hex(number), 12, '0'))::uuid,
                CASE number % 1000 WHEN 5 THEN 'rare' ELSE 'demo' END,
                CASE number % 50 WHEN 0 THEN 'c' || number % 7 END, 1,
                CASE number % 2000 WHEN 9 THEN 'rejected' ELSE 'confirmed' END, now()
            FROM generate_series(1, \(count)) AS number
            """)
        try await test.sql("ANALYZE orders")
        return rare
    }

    private func all(
        _ filter: OrderFilter, _ test: TestStores, limit: Int = 100, _ effort: OrderPageEffort = OrderPageEffort()
    ) async throws -> (orders: [LedgerOrder], pages: Int) {
        var (orders, pages) = ([LedgerOrder](), 0)
        var after: OrderID?
        repeat {
            let page = try await test.ledger.orders(filter, after: after, limit: limit, effort)
            orders += page.orders
            pages += 1
            after = page.next
        } while after != nil
        return (orders, pages)
    }

    @Test func aPageEndsWithItsEffort() async throws {
        try await withTestStores { test in
            let rare = try await insert(10_000, test)
            let range = try #require(try await test.ledger.orderRange(of: rare))
            let small = OrderPageEffort(rows: 700, time: .zero)
            let (orders, pages) = try await all(OrderFilter(event: range), test, small)
            #expect(orders.count == 10)
            #expect(orders.map(\.id) == orders.map(\.id).sorted(by: >))
            #expect(pages == 15, "each reads 700 rows")
            let whole = try await test.ledger.orders(OrderFilter(event: range), after: nil, limit: 100)
            #expect(whole.orders == orders)
            #expect(whole.next == nil)
            let patient = OrderPageEffort(rows: 700, time: .seconds(60))
            let joined = try await test.ledger.orders(OrderFilter(event: range), after: nil, limit: 4, patient)
            #expect(joined.orders == Array(orders.prefix(4)))
            let (rejected, _) = try await all(OrderFilter(state: .rejected), test, limit: 2, small)
            #expect(rejected.count == 5)
            let (ofCustomer, _) = try await all(OrderFilter(customer: "c3"), test, limit: 3, OrderPageEffort(rows: 2))
            #expect(ofCustomer.count == (1...10_000).count { $0 % 50 == 0 && $0 % 7 == 3 })
            var exported: [OrderID] = []
            var after: OrderID?
            repeat {
                let page = try await test.ledger.orders(of: range, after: after, limit: 3, small)
                exported += page.orders.map(\.id)
                after = page.next
            } while after != nil
            #expect(exported == orders.map(\.id).reversed())
        }
    }

    /// With the plans for any values, which a connection uses from the sixth execution of a statement on.
    @Test(arguments: ["force_custom_plan", "force_generic_plan"]) func pagesReadIndexes(mode: String) async throws {
        try await withTestStores { test in
            _ = try await insert(50_000, test)
            let bounds = "'00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'"
            for (file, types, values, index) in [
                (
                    "orders_page", "text, text, uuid, uuid, bigint, bigint", "'rare', NULL, \(bounds), 100000, 101",
                    "orders_pkey"
                ),
                (
                    "orders_page", "text, text, uuid, uuid, bigint, bigint", "NULL, 'rejected', \(bounds), 100000, 101",
                    "orders_pkey"
                ),
                (
                    "orders_page_customer", "text, text, text, uuid, uuid, bigint, bigint",
                    "'c3', NULL, NULL, \(bounds), 100000, 101", "orders_of_customer"
                ),
                ("orders_export", "text, uuid, uuid, bigint, bigint", "'demo', \(bounds), 100000, 1001", "orders_pkey"),
            ] {
                let names = ["customer", "event_id", "status", "first", "after", "before", "scan", "limit"]
                    .filter { name in name == "customer" ? file == "orders_page_customer" : true }
                    .filter { name in file == "orders_export" ? !["status", "first"].contains(name) : name != "after" }
                var sql = try String(
                    contentsOf: checkout.appendingPathComponent("Sources/Shared/Ledger/Statements/\(file).sql"),
                    encoding: .utf8
                ).replacing("::", with: " AS CAST ")
                for (number, name) in names.enumerated() {
                    sql = sql.replacing(try Regex(":\(name)\\b"), with: "$\(number + 1)")
                }
                let statement = sql.replacing(" AS CAST ", with: "::")
                let plan = try await test.pool.withTransaction { connection in
                    _ = try await connection.execute(script: "SET LOCAL plan_cache_mode = \(mode)")
                    _ = try await connection.execute(script: "PREPARE page (\(types)) AS \(statement)")
                    let rows = try await connection.execute(script: "EXPLAIN EXECUTE page (\(values))").rows
                    _ = try await connection.execute(script: "DEALLOCATE page")
                    return rows.compactMap { $0.first ?? nil }.joined(separator: "\n")
                }
                #expect(plan.contains(index), "\(plan)")
                #expect(!plan.contains("Seq Scan"), "\(plan)")
                // The few orders of a customer may be sorted.
                if file != "orders_page_customer" { #expect(!plan.contains("Sort"), "\(plan)") }
            }
        }
    }
}
