import Foundation
import NIOPosix
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import PostgresClient
@testable import RedisClient
@testable import RedisSchema

/// Redis is emptied, restarted or restored from an older copy. This is detected before the next sale and repaired from
/// the ledger.
@Suite(.timeLimit(.minutes(10))) struct RecoveryTests {
    /// Stores with the event `demo`.
    private func withSale(
        redis: RedisServer? = nil, capacity: Int = 100, _ body: (TestStores) async throws -> Void
    ) async throws {
        try await withTestStores(redis: redis) { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: capacity, customerLimit: 500))
            try await body(test)
        }
    }

    private func epoch(_ test: TestStores) async throws -> Int {
        try #require(try await test.ledger.partition(0)).epoch
    }

    /// Sells one unit to each of `count` customers.
    private func sell(_ count: Int, _ test: TestStores) async throws -> [Purchase] {
        try await test.claimAtOnce(count, customer: { "c\($0)" }).accepted
    }

    @Test func anEmptiedRedisSellsNothingBeforeItsRecovery() async throws {
        try await withSale { test in
            #expect(try await sell(30, test).count == 30)
            try await test.withWorkers { try await test.waitUntilDrained() }
            let before = try await epoch(test)
            try await test.redis("FLUSHDB")
            // The event cannot be published either, because its holds and customer units need a backfill.
            await #expect(
                throws: RedisError(.preconditionFailed, "FENCED hold_backfill: the epoch is another", mayHaveRun: false)
            ) {
                try await test.catalogue.publish(.demo)
            }
            let order = test.purchase(customer: "z")
            await #expect(
                throws: RedisError(.preconditionFailed, "FENCED claim: the epoch is another", mayHaveRun: false)
            ) {
                try await test.inventory.claim(order)
            }
            await #expect(throws: RedisError.self) { try await test.queue().take(limit: 1) }
            try await test.recover()
            #expect(try await epoch(test) == before + 1)
            #expect(try await test.counters() == Counters(available: 70, sold: 30))
            #expect(try await sell(100, test).count == 70)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.isAtRest())
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE status = 'confirmed'") == "100")
        }
    }

    @Test func aRedisThatRestartsEmptyIsRebuilt() async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                #expect(try await sell(30, test).count == 30)
                try await test.withWorkers { try await test.waitUntilDrained() }
                try await redis.kill()
                try redis.removeFiles()
                try await redis.restart()
                // The first call finds a server with another run id.
                let order = test.purchase()
                do throws(RedisError) {
                    _ = try await test.inventory.claim(order)
                    Issue.record("an empty Redis accepted a claim")
                } catch {
                    #expect([.preconditionFailed, .notConnected, .connectionLost].contains(error.code))
                }
                try await test.waitForRedis()
                #expect(try await sell(100, test).count == 70)
            }
        }
    }

    /// The older copy has stock for units that were sold since, queue entries that are settled, and outdated records.
    @Test func aRedisRestoredFromAnOlderCopySellsNothingTwice() async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                let keyed = test.purchase(customer: "k", key: "one")
                _ = try await test.inventory.claim(keyed)
                let early = try await sell(30, test)
                try redis.saveFiles()
                let late = try await sell(30, test)
                try await test.withWorkers { try await test.waitUntilDrained() }
                let cancelled = try #require(try await test.inventory.order(early[0].id))
                guard case .done = try await test.inventory.change(cancelled, by: .cancel) else {
                    throw GaveUp(description: "")
                }
                try await test.withWorkers { try await test.waitUntilDrained() }
                try await redis.kill()
                try redis.restoreFiles()
                try await redis.restart()
                try await test.waitForRedis()
                #expect(try await test.counters() == Counters(available: 40, sold: 60))
                #expect(try await test.inventory.claim(keyed) == .accepted(Acceptance(order: keyed.id, isReplay: true)))
                for order in early + late {
                    let state = try await test.ledger.order(order.id)?.state
                    #expect(state == (order.id == early[0].id ? .cancelled : .confirmed))
                }
                #expect(try await test.redis("HGET", test.keys.customers(.demo), "c0").integer == 1)
                #expect(try await sell(100, test).count == 40)
                try await test.withWorkers { try await test.waitUntilDrained() }
                #expect(try await test.isAtRest())
                #expect(try await test.sql("SELECT count(*) FROM orders WHERE status = 'rejected'") == "0")
            }
        }
    }

    /// Acknowledged orders that are in the queue of the older copy and not in the ledger are persisted first.
    @Test func queuedOrdersOfAnOlderCopyAreNotLost() async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                #expect(try await sell(20, test).count == 20)
                _ = try await test.queue(lease: .seconds(3600)).take(limit: 5)
                try await redis.kill()
                try await redis.restart()
                try await test.sql("INSERT INTO leases_seen VALUES (0, 99, 1000)")
                try await test.waitForRedis()
                #expect(try await test.counters() == Counters(available: 80, sold: 20))
                #expect(try await test.sql("SELECT count(*) FROM orders") == "20")
                #expect(try await test.redis("GET", test.keys.leasesBegun).integer ?? 0 >= 1000)
            }
        }
    }

    /// A replica is promoted after its master has accepted orders that the replica did not receive.
    @Test func aPromotedReplicaThatLaggedSellsNothingTwice() async throws {
        let port = try freePort()
        try await withRedisServer(options: "--port \(port)") { master in
            try await withRedisServer(options: "--port \(try freePort())") { replica in
                try await withSale(redis: master) { test in
                    #expect(try await sell(10, test).count == 10)
                    let other = try await RedisConnection.open(
                        RedisConfiguration(url: try RedisURL(replica.url())),
                        on: MultiThreadedEventLoopGroup.singleton.next(),
                        logger: test.logger)
                    _ = try await other.send(RedisCommand("REPLICAOF", "127.0.0.1", String(port)))
                    try await eventually("the replica is in sync") {
                        try await other.send(RedisCommand("INFO", "replication")).string?.contains(
                            "master_link_status:up") == true
                    }
                    // The link breaks here.
                    _ = try await other.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
                    #expect(try await sell(20, test).count == 20)
                    try await test.withWorkers { try await test.waitUntilDrained() }
                    try await master.kill()
                    try? FileManager.default.removeItem(atPath: master.socket)
                    try FileManager.default.createSymbolicLink(
                        atPath: master.socket, withDestinationPath: replica.socket)
                    // The replica does not sell before it is promoted.
                    try await eventually("the replica responds") {
                        do {
                            _ = try await test.inventory.claim(test.purchase())
                            Issue.record("a replica accepted a claim")
                        } catch {
                            return await test.stores.redis.connections[0].server() != nil
                        }
                        return true
                    }
                    await #expect(throws: RedisError.self) {
                        try await test.recovery.check(test.keys)
                    }
                    _ = try await other.send(RedisCommand("REPLICAOF", "NO", "ONE"))
                    try await test.waitForRedis()
                    #expect(try await test.counters() == Counters(available: 70, sold: 30))
                    #expect(try await sell(100, test).count == 70)
                    await other.close()
                }
            }
        }
    }

    @Test func concurrentRecoveriesBeginOneEpoch() async throws {
        try await withSale { test in
            #expect(try await sell(30, test).count == 30)
            try await test.withWorkers { try await test.waitUntilDrained() }
            let before = try await epoch(test)
            try await test.redis("FLUSHDB")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await test.recover() } }
                try await group.waitForAll()
            }
            #expect(try await epoch(test) == before + 1)
            #expect(try await test.counters() == Counters(available: 70, sold: 30))
        }
    }

    /// An abandoned recovery continues late, while another recovery runs or after it: it changes nothing.
    @Test func aSupersededRecoveryChangesNothing() async throws {
        try await withSale { test in
            let redis = test.stores.redis
            let loop = redis.connections[0].eventLoop
            let server = try #require(await redis.connections[0].server())
            let (old, new) = (
                SealedPartition(
                    test.keys, token: "old", of: redis, on: loop, fence: test.stores.fence, server: server,
                    replication: ""),
                SealedPartition(
                    test.keys, token: "new", of: redis, on: loop, fence: test.stores.fence, server: server,
                    replication: "")
            )
            func release(_ token: String) async throws {
                _ = try await test.partition.run(ExtendScript(token, of: test.keys.recovery, by: .zero))
            }
            let epoch = try #require(try await test.redis("GET", test.keys.epoch).string)
            #expect(try await old.seal(found: epoch, plan: .rebuild) == .drain)
            #expect(
                try await new.seal(found: SealScript.seal("old"), plan: .rebuild) == nil, "while the lease is valid")
            try await release("old")
            #expect(try await new.seal(found: epoch, plan: .rebuild) == nil, "the partition was sealed since")
            #expect(try await new.seal(found: SealScript.seal("old"), plan: .rebuild) == .drain)
            await #expect(throws: RedisError.self) { try await old.wipe() }
            await #expect(throws: RedisError.self) { try await old.open(epoch: 77, seen: 0, rebuilt: true) }
            #expect(try await test.inventory.event(.demo) != nil, "nothing was deleted")
            try await release("new")
            try await test.recover()
            #expect(try await sell(100, test).count == 100)
        }
    }

    /// A restart with all data loses nothing: leased batches are acknowledged after it, and nothing is rebuilt.
    @Test func aRestartWithoutDataLossIsResumed() async throws {
        try await withRedisServer { redis in
            try await withSale(redis: redis) { test in
                let before = try await epoch(test)
                _ = try await sell(20, test)
                let batch = try #require(try await test.queue().take(limit: 5))
                let settlements = try await test.ledger.settle(batch.orders, lease: batch.number)
                try await redis.restart()
                try await test.waitForRedis()
                #expect(try await epoch(test) == before + 1)
                #expect(try await test.redis("LLEN", test.keys.queue).integer == 15)
                #expect(try await test.queue().acknowledge(batch, settlements))
                #expect(try await test.counters() == Counters(available: 80, pending: 15, sold: 5))
            }
        }
    }

    /// A publication arrives late, after its caller gave up, when Redis has a newer revision.
    @Test func aLatePublicationChangesNothing() async throws {
        try await withSale { test in
            let (event, revision) = try #require(
                try await test.ledger.withLockedEvent(.demo) { ($0.event, $0.revision) })
            let old = LockedEvent(event, revision: revision, on: PostgresConnection(statementTimeout: .zero))
            _ = try await test.catalogue.put(.demo, EventChange(capacity: 50))
            #expect(try await test.partition.run(PublishScript(EventPublication(old))) == .superseded)
            #expect(try await test.inventory.lower(old, to: 1) == .notLoaded)
            try await test.inventory.close(old)
            #expect(try await test.counters() == Counters(available: 50))
            #expect(try await sell(100, test).count == 50)
        }
    }

    /// A dead-lettered order is not in the ledger. Its units stay claimed, and it can be requeued later.
    @Test func deadLettersStayCountedAfterARecovery() async throws {
        try await withSale { test in
            // PostgreSQL does not accept a text with a zero byte.
            let poison = test.purchase(quantity: 3, customer: "a\u{0}b")
            _ = try await test.inventory.claim(poison)
            #expect(try await sell(10, test).count == 10)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.queue().deadLetterCount() == 1)
            #expect(try await test.counters() == Counters(available: 87, pending: 3, sold: 10))
            try await test.sql("INSERT INTO leases_seen VALUES (0, 99, 1000)")
            try await test.redis("SET", test.keys.epoch, "0")
            try await test.recover()
            #expect(try await test.queue().deadLetterCount() == 1)
            #expect(try await test.counters() == Counters(available: 87, pending: 3, sold: 10))
            #expect(try await test.inventory.order(poison.id)?.state == .pending)
            // The orders that follow get other sequence numbers, so that their confirmation does not confirm it.
            #expect(try await sell(10, test).count == 10)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.inventory.order(poison.id)?.state == .pending)
        }
    }
}
