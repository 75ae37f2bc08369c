import Foundation
import TestSupport
import Testing

@testable import Domain
@testable import Ledger
@testable import PostgresClient

/// The statement for new orders leaves in the ledger what the statement for snapshots of any kind leaves, whatever the
/// batches contain and however often they are delivered.
@Suite(.timeLimit(.minutes(10))) struct NewOrdersServerTests {
    private static let events = ["demo", "other", "nowhere"].compactMap { EventID($0) }

    /// Batches of mostly new orders, some of them delivered again, with orders that the ledger refuses.
    private func batches(using generator: inout SeededGenerator) -> [[Order]] {
        var known: [Order] = []
        return (0..<12).map { _ in
            let event = Self.events[Int.random(in: 0..<10, using: &generator) / 4]
            let hasCustomers = Bool.random(using: &generator)
            let hasQuantities = Bool.random(using: &generator)
            let isUniform = Bool.random(using: &generator)
            var batch = (0..<Int.random(in: 1...120, using: &generator)).map { _ in
                var order = Order(
                    id: OrderID(
                        milliseconds: .random(in: 0..<1 << 48, using: &generator), partition: 0,
                        random: generator.next()),
                    event: event, quantity: hasQuantities ? .random(in: 1...9, using: &generator) : 1,
                    customer: hasCustomers ? [nil, "a", "é|\"{}\\", ""].randomElement(using: &generator) ?? nil : nil,
                    state: .pending,
                    claimedAt: Timestamp(milliseconds: .random(in: 0..<4_294_967_296_000, using: &generator)))
                if !isUniform { change(&order, using: &generator) }
                return order
            }
            if !known.isEmpty, Int.random(in: 0..<3, using: &generator) == 0 {
                batch += known.shuffled(using: &generator).prefix(.random(in: 1...5, using: &generator))
                batch.shuffle(using: &generator)
            }
            known += batch
            return batch
        }
    }

    private func change(_ order: inout Order, using generator: inout SeededGenerator) {
        switch Int.random(in: 0..<200, using: &generator) {
        case 0: order.generation = 2
        case 1: order.event = Self.events.randomElement(using: &generator) ?? .demo
        case 2: order.quantity = [100_000, 1 << 31, 1 << 40].randomElement(using: &generator) ?? 0
        case 3: order.customer = "nul\0l"
        case 4: order.claimedAt = Timestamp(milliseconds: [-1, .max, 1 << 50].randomElement(using: &generator) ?? 0)
        case 5:
            order.state = .held
            order.expiresAt = Timestamp(milliseconds: 5)
        case 6:
            order.state = .cancelled
            order.version = 2
        default: break
        }
    }

    /// What the test compares: everything but the times at which the statements ran.
    private func content(_ test: TestStores) async throws -> [[String?]] {
        try await test.pool.withConnection { connection in
            try await connection.execute(
                script: """
                    SELECT id, event_id, customer, quantity, status, reason, extract(epoch FROM claimed_at), expires_at,
                        confirmed_at IS NOT NULL, version, previous_status FROM orders
                    UNION ALL
                    SELECT NULL, id, NULL, held, NULL, NULL, NULL, NULL, NULL, sold, NULL FROM events
                    UNION ALL
                    SELECT NULL, NULL, NULL, partition, NULL, NULL, max(leased), NULL, NULL, NULL, NULL
                        FROM leases_seen GROUP BY partition
                    UNION ALL
                    SELECT order_id, event_id, customer, quantity, type, reason, extract(epoch FROM claimed_at),
                        expires_at, confirmed_at IS NOT NULL, version, 'change' FROM changes WHERE order_id IS NOT NULL
                    ORDER BY 1, 2, 4, 5, 10
                    """
            ).rows
        }
    }

    /// Settlements without the time, which differs between two ledgers.
    private func outcomes(_ settlements: [Settlement]) -> [Settlement] {
        settlements.map { settlement in
            guard case .recorded(let version, let time) = settlement else { return settlement }
            return .recorded(version: version, confirmedAt: time == nil ? nil : Timestamp(milliseconds: 0))
        }
    }

    private func sale(_ test: TestStores, capacity: Int) async throws {
        _ = try await test.ledger.putWebhook("w", secret: "s", by: .test) { _ in WebhookTerms() }
        for event in Self.events.dropLast() {
            try await test.catalogue.ensure(event, EventTerms(name: "", capacity: capacity))
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func bothStatementsLeaveTheSame(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let batches = batches(using: &generator)
        let capacity = [300, 100_000].randomElement(using: &generator) ?? 0
        try await withTestStores { short in
            try await withTestStores { general in
                try await sale(short, capacity: capacity)
                try await sale(general, capacity: capacity)
                for (number, batch) in batches.enumerated() {
                    let lease = Statements.Lease(partition: 3, number: number + 1)
                    let first = try await short.ledger.settle(batch, lease: number + 1, partition: 3)
                    let second = try await general.ledger.settleAny(batch, under: lease)
                    #expect(outcomes(first) == outcomes(second), "seed \(seed), batch \(number)")
                }
                let (first, second) = (try await content(short), try await content(general))
                #expect(first == second, "seed \(seed)")
            }
        }
    }

    private func orders(_ count: Int, quantity: Int = 1) -> [Order] {
        (0..<count).map { _ in
            Order(
                id: OrderID(at: .now, partition: 0), event: .demo, quantity: quantity, state: .pending,
                claimedAt: Timestamp(milliseconds: 1_795_466_379_441))
        }
    }

    private let lease = Statements.Lease(partition: 0, number: 1)

    @Test func newOrdersAreInsertedByOneStatement() async throws {
        try await withTestStores { test in
            try await sale(test, capacity: 1000)
            let (orders, _) = try #require(NewOrders.split(orders(50, quantity: 3)))
            guard case .recorded(let version, let time) = try await test.ledger.insert(orders, under: lease) else {
                Issue.record("the orders were not inserted")
                return
            }
            #expect(version == 1)
            let row = try #require(try await test.ledger.order(orders.orders[0].id))
            #expect(row.confirmedAt == time)
            #expect(row.claimedAt == orders.orders[0].claimedAt)
            #expect(try await test.sql("SELECT sold FROM events WHERE id = 'demo'") == "150")
        }
    }

    /// Nothing is written if one of the orders exists, the event is another, or it has too few units.
    @Test func ordersThatCannotAllBeInsertedAreLeftToTheOtherStatement() async throws {
        try await withTestStores { test in
            try await sale(test, capacity: 100)
            let known = orders(1)
            _ = try await test.ledger.settle(known)
            var later = orders(5)
            for index in later.indices { later[index].generation = 2 }
            var unknown = orders(5)
            for index in unknown.indices { unknown[index].event = Self.events[2] }
            let twice = orders(1)
            for batch in [orders(5) + known, twice + twice, later, unknown, orders(100)] {
                let (orders, _) = try #require(NewOrders.split(batch))
                #expect(try await test.ledger.insert(orders, under: lease) == nil)
                #expect(try await test.sql("SELECT count(*) FROM orders") == "1")
                #expect(try await test.sql("SELECT sold FROM events WHERE id = 'demo'") == "1")
            }
        }
    }

    /// PostgreSQL plans a prepared statement anew for its first executions and then keeps one plan, which knows no
    /// values. In a large table, that plan finds the event by its key.
    @Test func theKeptPlanFindsTheEventByItsKey() async throws {
        try await withTestStores { test in
            try await test.sql(
                """
                INSERT INTO events (id, name, capacity, max_quantity) SELECT 'e' || n, '', 1, 1
                FROM generate_series(1, 20000) AS n; ANALYZE events
                """)
            let sql = Statements.ordersInsert.sql
            let nulls = sql.parameters.map { _ in "NULL" }.joined(separator: ", ")
            let plan = try await test.pool.withConnection { connection in
                _ = try await connection.execute(script: "SET plan_cache_mode = force_generic_plan")
                _ = try await connection.execute(script: "PREPARE plan AS \(sql.text)")
                return try await connection.execute(script: "EXPLAIN EXECUTE plan (\(nulls))").rows
            }
            let lines = plan.compactMap(\.first).compactMap { $0?.trimmingCharacters(in: .whitespaces) }
            #expect(lines.contains { $0.contains("Index Scan using events_pkey on events") })
            #expect(!lines.contains { $0.contains("Seq Scan") && !$0.contains("webhook_endpoints") })
        }
    }
}
