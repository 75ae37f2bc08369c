import TestSupport
import Testing

@testable import Domain
@testable import Ledger

/// Snapshots reach the ledger in any order, any number of times, in any batches: the highest version of each order is
/// kept, and the event's counters match the rows.
@Suite(.timeLimit(.minutes(10))) struct SnapshotTests {
    /// Snapshots of one order as the scripts make them: the claim, then one version for each transition.
    private func life(using generator: inout SeededGenerator) -> [Order] {
        var order = Order(
            id: OrderID(at: .now, partition: 0), event: .demo, quantity: .random(in: 1...5, using: &generator),
            customer: Bool.random(using: &generator) ? "c" : nil, state: .held,
            claimedAt: Timestamp(milliseconds: 1_795_466_379_441),
            expiresAt: Timestamp(milliseconds: 1_795_466_379_999))
        if Bool.random(using: &generator) {
            order.state = .pending
            order.expiresAt = nil
        }
        var snapshots = [order]
        // The ledger confirms a pending order without a new version.
        if order.state == .pending { order.state = .confirmed }
        while Int.random(in: 0..<4, using: &generator) > 0 {
            let transitions: [OrderTransition] = [.confirm, .cancel, .expire]
            let possible = transitions.filter { order.state.after($0) != nil }
            guard let transition = possible.randomElement(using: &generator),
                let state = order.state.after(transition)
            else { break }
            order.state = state
            order.version += 1
            if transition == .confirm { order.confirmedAt = Timestamp(milliseconds: 1_795_466_379_555) }
            snapshots.append(order)
        }
        return snapshots
    }

    @Test(arguments: 1...25 as ClosedRange<UInt64>)
    func theHighestVersionIsKeptForAnyOrderOfDelivery(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1_000_000))
            let lives = (0..<40).map { _ in life(using: &generator) }
            var deliveries = lives.flatMap(\.self)
            // Some are delivered more than once.
            deliveries += deliveries.filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
            deliveries.shuffle(using: &generator)
            var rest = deliveries[...]
            while !rest.isEmpty {
                let batch = rest.prefix(.random(in: 1...30, using: &generator))
                rest = rest.dropFirst(batch.count)
                for (order, settlement) in zip(batch, try await test.ledger.settle(Array(batch))) {
                    guard case .recorded(let version, _) = settlement else {
                        Issue.record("seed \(seed): \(order.id) \(settlement)")
                        continue
                    }
                    #expect(version >= order.version, "seed \(seed)")
                }
            }
            var (held, sold) = (0, 0)
            for life in lives {
                let last = try #require(life.last)
                let row = try #require(try await test.ledger.order(last.id))
                let expected: OrderState = last.state == .pending ? .confirmed : last.state
                #expect(row.state == expected, "seed \(seed)")
                #expect(row.version == last.version, "seed \(seed)")
                #expect(row.quantity == last.quantity)
                #expect(row.customer == last.customer)
                if expected == .held { held += row.quantity }
                if expected == .confirmed { sold += row.quantity }
            }
            let event = try #require(try await test.ledger.event(.demo))
            #expect(event.held == held, "seed \(seed)")
            #expect(event.sold == sold, "seed \(seed)")
        }
    }

    /// The same with several workers at the same time, whose transactions wait for each other.
    @Test func concurrentWorkersAgreeOnTheHighestVersion() async throws {
        var generator = SeededGenerator(seed: 7)
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1_000_000))
            let lives = (0..<150).map { _ in life(using: &generator) }
            let deliveries = (0..<6).map { _ in lives.flatMap(\.self).shuffled(using: &generator) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for delivery in deliveries {
                    group.addTask {
                        var rest = delivery[...]
                        while !rest.isEmpty {
                            _ = try await test.ledger.settle(Array(rest.prefix(40)))
                            rest = rest.dropFirst(40)
                        }
                    }
                }
                try await group.waitForAll()
            }
            for life in lives {
                let last = try #require(life.last)
                #expect(try await test.ledger.order(last.id)?.version == last.version)
            }
            let sums = """
                SELECT coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) || '/'
                    || coalesce(sum(quantity) FILTER (WHERE status = 'confirmed'), 0) FROM orders
                """
            #expect(try await test.sql(sums) == test.sql("SELECT held || '/' || sold FROM events"))
        }
    }

    @Test func aRejectedOrderStaysRejected() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1))
            var order = Order(
                id: OrderID(at: .now, partition: 0), event: .demo, quantity: 2, state: .held,
                claimedAt: Timestamp(milliseconds: 1), expiresAt: Timestamp(milliseconds: 2))
            #expect(try await test.ledger.settle([order]) == [.rejected(reason: "oversold")])
            for state in [OrderState.confirmed, .cancelled] {
                order.state = state
                order.version += 1
                #expect(try await test.ledger.settle([order]) == [.rejected(reason: "oversold")])
            }
            #expect(
                try await test.sql("SELECT held || '/' || sold || '/' || status FROM events, orders") == "0/0/rejected")
        }
    }
}
