import TestSupport
import Testing

@testable import Domain
@testable import Ledger

/// Batches that are settled after a recovery that did not count them.
@Suite(.timeLimit(.minutes(10))) struct LateSettlementTests {
    /// Stores with the event `demo`, and a partition of its own in the epoch 5.
    private func withLedger(_ body: (TestStores) async throws -> Void) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1000))
            for epoch in 1...5 { #expect(try await begin(epoch, test) == .begun(seen: 0)) }
            try await body(test)
        }
    }

    private static let partition = 3

    private func begin(_ epoch: Int, _ test: TestStores, above limit: Int? = nil) async throws -> EpochBeginning {
        try await test.ledger.begin(
            PartitionEpoch(epoch: epoch, server: "s", replication: "r"), of: Self.partition, unlessSeenAbove: limit)
    }

    private func order(_ state: OrderState = .pending) -> Order {
        let now = Timestamp(milliseconds: 1_795_466_379_441)
        var order = Order(
            id: OrderID(at: .now, partition: Self.partition), event: .demo, generation: 1, quantity: 1, customer: nil,
            state: state, claimedAt: now)
        if state == .held { order.expiresAt = Timestamp(milliseconds: now.milliseconds + 60_000) }
        return order
    }

    private func settle(_ orders: [Order], lease: Int = 1, epoch: Int?, _ test: TestStores) async throws {
        _ = try await test.ledger.settle(orders, lease: lease, partition: Self.partition, epoch: epoch)
    }

    /// Whether a connection to the test's database waits for a lock.
    private func isWaiting(_ test: TestStores) async throws -> Bool {
        try await test.sql(
            """
            SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND datname = current_database()
            """) != "0"
    }

    private func late(_ test: TestStores) async throws -> [LateEvent] {
        try await test.ledger.lateEvents(inPartition: Self.partition)
    }

    @Test(arguments: [OrderState.pending, .held], [5, nil])
    func aSettlementUnderTheEpochIsNotLate(state: OrderState, epoch: Int?) async throws {
        try await withLedger { test in
            try await settle([order(state)], epoch: epoch, test)
            #expect(try await late(test) == [])
        }
    }

    /// Both statements that settle.
    @Test(arguments: [OrderState.pending, .held])
    func aSettlementUnderAnEarlierEpochIsLate(state: OrderState) async throws {
        try await withLedger { test in
            try await settle([order(state), order(state)], epoch: 4, test)
            #expect(try await late(test) == [LateEvent(event: .demo, noted: 1)])
        }
    }

    /// Redis has not begun it since the recovery, and would be recovered once more.
    @Test(arguments: [OrderState.pending, .held])
    func theLeaseOfALateSettlementIsNotSeen(state: OrderState) async throws {
        try await withLedger { test in
            try await settle([order(state)], lease: 7, epoch: 5, test)
            try await settle([order(state)], lease: 8, epoch: 4, test)
            #expect(try await begin(6, test) == .begun(seen: 7))
        }
    }

    @Test func ordersThatTheLedgerHasAreNotLate() async throws {
        try await withLedger { test in
            let order = order()
            try await settle([order], epoch: 5, test)
            try await settle([order], epoch: 4, test)
            #expect(try await late(test) == [])
        }
    }

    /// The settlement has read the earlier epoch already, and waits for the event's row while the next one begins.
    @Test(arguments: [OrderState.pending, .held])
    func aSettlementDuringWhichAnEpochBeginsIsLate(state: OrderState) async throws {
        try await withLedger { test in
            let order = order(state)
            let settling = try await test.ledger.withLockedEvent(.demo) { _ in
                let settling = Task { try await settle([order], epoch: 5, test) }
                try await eventually("the settlement waits for the event") {
                    try await isWaiting(test)
                }
                #expect(try await begin(6, test) == .begun(seen: 0))
                return settling
            }
            try await settling?.value
            #expect(try await late(test) == [LateEvent(event: .demo, noted: 1)])
        }
    }

    /// The epoch begins after the settlements that are under way, and knows of their leases.
    @Test func anEpochWaitsForSettlements() async throws {
        try await withLedger { test in
            let beginning = try await test.pool.withTransaction { connection in
                try await connection.execute(
                    script: "UPDATE leases_seen SET leased = 9 WHERE partition = \(Self.partition) AND slot = 7")
                let beginning = Task { try await begin(6, test, above: 8) }
                try await eventually("the epoch waits") {
                    try await isWaiting(test)
                }
                return beginning
            }
            #expect(try await beginning.value == .ledgerIsAhead)
            #expect(try await test.ledger.partition(Self.partition)?.epoch == 5)
            #expect(try await begin(6, test, above: 9) == .begun(seen: 9))
        }
    }

    @Test func aSettlementDuringTheComparisonIsNotForgotten() async throws {
        try await withLedger { test in
            try await settle([order()], epoch: 4, test)
            let compared = try #require(try await late(test).first)
            try await settle([order()], epoch: 4, test)
            try await test.ledger.forget(compared, inPartition: Self.partition)
            #expect(try await late(test) == [LateEvent(event: .demo, noted: 2)])
            try await test.ledger.forget(try #require(try await late(test).first), inPartition: Self.partition)
            #expect(try await late(test) == [])
        }
    }
}
