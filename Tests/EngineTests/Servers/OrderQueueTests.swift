import Logging
import NIOPosix
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema
@testable import Runtime
@testable import Timing

@Suite(.timeLimit(.minutes(10))) struct OrderQueueTests {
    /// Stores with the event `demo`.
    private func withSale(
        selling count: Int, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1_000_000, maxQuantity: 1000))
            _ = try await test.claimAtOnce(count)
            try await body(test)
        }
    }

    private let confirmed = Settlement.recorded(
        version: 1, confirmedAt: Timestamp(milliseconds: 1_795_466_379_441))

    @Test func entriesAreTakenOnceAndInOrder() async throws {
        try await withSale(selling: 2500) { test in
            let queue = test.queue()
            let queued = try await test.redis("LRANGE", test.keys.queue, "0", "-1").array
            var taken: [Order] = []
            while let batch = try await queue.take(limit: 1000) {
                taken += batch.orders
                #expect(try await queue.acknowledge(batch, batch.orders.map { _ in confirmed }))
            }
            #expect(taken.map(OrderCodec.encode) == queued?.compactMap(\.string))
            #expect(try await test.redis("KEYS", "*inflight*").array?.isEmpty == true)
            #expect(try await test.redis("EXISTS", test.keys.leases, test.keys.attempts).integer == 0)
            let report = try #require(try await test.inventory.event(.demo))
            #expect(report.pending == 0)
            #expect(report.sold == 2500)
            let order = try #require(try await test.inventory.order(taken[7].id))
            #expect(order.state == .confirmed)
            #expect(order.confirmedAt == Timestamp(milliseconds: 1_795_466_379_441))
            #expect(order.claimedAt == taken[7].claimedAt)
        }
    }

    @Test func aBatchWithAValidLeaseCannotBeReclaimed() async throws {
        try await withSale(selling: 3) { test in
            let batch = try #require(try await test.queue(lease: .seconds(60)).take(limit: 10))
            #expect(try await test.queue().expiredTokens().isEmpty)
            #expect(try await test.queue().reclaim(batch.token) == nil)
        }
    }

    @Test func aBatchOfADeadWorkerIsReclaimedByOneWorker() async throws {
        try await withSale(selling: 100) { test in
            let dead = try #require(try await test.queue(lease: .milliseconds(1)).take(limit: 1000))
            let queue = test.queue()
            try await eventually("the lease expires") { try await queue.expiredTokens() == [dead.token] }
            let winners = try await withThrowingTaskGroup(of: Batch?.self) { group in
                for _ in 0..<20 { group.addTask { try await queue.reclaim(dead.token)?.batch } }
                return try await group.reduce(into: [Batch]()) { if let batch = $1 { $0.append(batch) } }
            }
            #expect(winners.count == 1)
            let batch = try #require(winners.first)
            #expect(batch.orders == dead.orders)
            #expect(batch.attempts == 2)
            // The worker was only paused. It can neither acknowledge the batch nor change anything.
            #expect(try await !queue.renew(dead.token))
            #expect(try await !queue.acknowledge(dead, dead.orders.map { _ in .rejected(reason: "late") }))
            #expect(try await test.inventory.order(dead.orders[0].id)?.state == .pending)
            #expect(try await queue.acknowledge(batch, batch.orders.map { _ in confirmed }))
            #expect(try #require(try await test.inventory.event(.demo)).sold == 100)
        }
    }

    @Test func aReleasedBatchCanBeReclaimedImmediately() async throws {
        try await withSale(selling: 5) { test in
            let queue = test.queue(lease: .seconds(60))
            let batch = try #require(try await queue.take(limit: 5))
            #expect(try await queue.renew(batch.token))
            try await queue.release(batch.token)
            #expect(try await queue.expiredTokens() == [batch.token])
            #expect(try #require(try await queue.reclaim(batch.token)?.batch).orders == batch.orders)
        }
    }

    @Test func aRepeatedAcknowledgementCountsOnce() async throws {
        try await withSale(selling: 10) { test in
            let queue = test.queue()
            let batch = try #require(try await queue.take(limit: 10))
            let settlements = batch.orders.map { _ in confirmed }
            #expect(try await queue.acknowledge(batch, settlements))
            #expect(try await !queue.acknowledge(batch, settlements))
            let report = try #require(try await test.inventory.event(.demo))
            #expect(report.sold == 10)
            #expect(report.pending == 0)
        }
    }

    @Test func waitingForWorkWakesEveryWorkerAndTakesNoEntry() async throws {
        try await withSale(selling: 0) { test in
            let queue = test.queue()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    let blocking = try await RedisConnection.open(
                        Stores.redis(test.settings), on: MultiThreadedEventLoopGroup.singleton.next(),
                        logger: test.logger)
                    group.addTask {
                        try await queue.waitForWork(on: blocking, upTo: .seconds(30))
                        await blocking.close()
                    }
                }
                try await eventually("all workers wait") {
                    let clients = try await test.redis("CLIENT", "LIST").string ?? ""
                    return clients.split(separator: "\n").filter {
                        $0.contains(" db=\(test.settings.redis.database) ") && $0.contains("cmd=blmove")
                    }.count == 3
                }
                _ = try await test.inventory.claim(test.purchase())
                try await group.waitForAll()
            }
            #expect(try await test.redis("LLEN", test.keys.queue).integer == 1)
        }
    }

    @Test func unreadableEntriesAreDeadLetteredAndOthersArePersisted() async throws {
        try await withSale(selling: 3) { test in
            try await test.redis("LPUSH", test.keys.queue, "garbage|with|bars")
            try await test.redis("LPUSH", test.keys.queue, "")
            try await test.withWorkers { try await test.waitUntilDrained() }
            let dead = try await test.queue().deadLetters(limit: 10)
            #expect(dead.map { String(decoding: $0.entry, as: UTF8.self) }.sorted() == ["", "garbage|with|bars"])
            #expect(dead.allSatisfy { $0.reason == "its form is not known to this release" && $0.at != nil })
            #expect(try await test.queue().deadLetterCount() == 2)
            #expect(try await test.sql("SELECT count(*) FROM orders") == "3")
            #expect(try await test.isAtRest())
        }
    }

    @Test func settledRecordsAreDeletedAfterTheirRetention() async throws {
        try await withSale(selling: 20) { test in
            let queue = test.queue()
            let batch = try #require(try await queue.take(limit: 20))
            let settlements = try await test.ledger.settle(batch.orders)
            #expect(try await queue.acknowledge(batch, settlements))
            #expect(try await !queue.deleteOldestRecords(retention: .seconds(3600)), "before its time")
            #expect(try await test.inventory.order(batch.orders[0].id) != nil)
            #expect(try await queue.deleteOldestRecords(retention: .zero))
            #expect(try await !queue.deleteOldestRecords(retention: .zero))
            #expect(try await test.redis("KEYS", "*order*").array?.isEmpty == true)
            #expect(try await test.ledger.order(batch.orders[0].id)?.state == .confirmed)
        }
    }
}
