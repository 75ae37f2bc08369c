import NIOConcurrencyHelpers
import NIOPosix
import Runtime
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisSchema

/// Messages about events, on which the processes forget what Redis refused before.
@Suite(.timeLimit(.minutes(10))) struct EventMessageTests {
    private func withMessages(
        _ body: (TestStores, @escaping @Sendable () -> Int) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1, customerLimit: 5))
            let count = NIOLockedValueBox(0)
            let watch = OrderWatch(
                through: test.stores.redis, partitioning: test.settings.partitioning,
                on: MultiThreadedEventLoopGroup.singleton.next())
            watch.observeEvents { event in if event == .demo { count.withLockedValue { $0 += 1 } } }
            // Messages are received when the first one is.
            try await eventually("the watch listens") {
                try await test.catalogue.publish(.demo)
                return count.withLockedValue { $0 } > 0
            }
            try await body(test) { count.withLockedValue { $0 } }
            await watch.close()
        }
    }

    @Test func aPublicationIsAMessage() async throws {
        try await withMessages { test, count in
            let before = count()
            try await test.catalogue.publish(.demo)
            try await eventually("the message arrives") { count() > before }
        }
    }

    @Test func unitsThatReturnToASoldOutEventAreAMessage() async throws {
        try await withMessages { test, count in
            let sold = try await test.claimAtOnce(1, customer: { "c\($0)" }).accepted
            try await test.withWorkers { try await test.waitUntilDrained() }
            let before = count()
            let order = try #require(try await test.inventory.order(sold[0].id))
            _ = try await test.inventory.change(order, by: .cancel)
            try await eventually("the message arrives") { count() > before }
        }
    }
}
