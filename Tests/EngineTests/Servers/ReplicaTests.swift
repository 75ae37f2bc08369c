import Foundation
import NIOPosix
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema
@testable import Runtime

/// A primary with a replica: what is acknowledged is on both.
@Suite(.redisAndValkey, .timeLimit(.minutes(5))) struct ReplicaTests {
    private struct Pair {
        let test: TestStores
        let primary: RedisServer
        let replica: RedisServer

        /// The test's database of both servers.
        private var database: Int { test.environment["REDIS_URL"]?.split(separator: "=").last.flatMap { Int($0) } ?? 0 }

        /// The inventory of another program.
        func anotherInventory() async throws -> Inventory {
            let client = try await Stores.client(
                test.settings, group: MultiThreadedEventLoopGroup.singleton, logger: test.logger)
            return try await Inventory(
                client: client, partitioning: test.settings.partitioning, fence: test.stores.fence,
                keyedIDs: test.stores.keyedIDs, queueLimit: 1_000_000)
        }

        func send(_ words: String..., to server: RedisServer) async throws -> RESPValue {
            let connection = try await RedisConnection.open(
                RedisConfiguration(url: RedisURL(server.url(database: database))),
                on: test.stores.redis.connections[0].eventLoop,
                logger: test.logger)
            let reply = try await connection.send(RedisCommand(words), timeout: .seconds(20))
            await connection.close()
            return reply
        }

        func port(of server: RedisServer) async throws -> String {
            try await send("CONFIG", "GET", "port", to: server).array?.last?.string ?? ""
        }

        func waitForReplicas(_ count: Int) async throws {
            try await eventually("the primary has \(count) replicas") {
                try await test.stores.redis.connections[0].status().onlineReplicas == count
            }
        }

        /// Runs `body` while the replica is stopped.
        func whileStopped(_ body: () async throws -> Void) async throws {
            await replica.signal(SIGSTOP)
            do { try await body() } catch {
                await replica.signal(SIGCONT)
                throw error
            }
            await replica.signal(SIGCONT)
            // With a write, since the wait is for the writes of its connection.
            try await eventually("the replica confirms writes") {
                let commands = [RedisCommand("SET", "test", "1"), RedisCommand("WAIT", "1", "100")]
                return try await test.stores.redis.connections[0].send(commands).last?.integer == 1
            }
        }

        /// Looks as the programs do each second.
        func look() async throws {
            await ServerWatch(test.recovery, partitions: [test.keys]).look()
            if !test.stores.fence.isOpen(test.keys) { try await test.recover() }
        }

        /// Whether the replica has the record of an order. The replica may be stopped: its file is no evidence then.
        func replicaHas(_ order: OrderID) async throws -> Bool {
            try await send("EXISTS", test.keys.order(order), to: replica).integer == 1
        }
    }

    private func withPair(_ durability: Durability, _ body: (Pair) async throws -> Void) async throws {
        let port = try freePort()
        try await withRedisServer(options: "--port \(port) --repl-diskless-sync-delay 0") { primary in
            try await withRedisServer(
                options: "--port \(try freePort()) --replicaof 127.0.0.1 \(port) --databases 1000"
            ) { replica in
                try await withTestStores(redis: primary, durability: durability) { test in
                    let pair = Pair(test: test, primary: primary, replica: replica)
                    try await pair.waitForReplicas(1)
                    try await pair.look()
                    try await test.catalogue.ensure(.demo, EventTerms(name: "e", capacity: 100, holdSeconds: 600))
                    try await body(pair)
                }
            }
        }
    }

    /// The replica is slow: without the wait, the reply would be there before its data.
    @Test func aClaimIsAcknowledgedWhenTheReplicaHasIt() async throws {
        try await withPair(.replica) { pair in
            for _ in 0..<20 {
                guard case .accepted(let acceptance) = try await pair.test.inventory.claim(pair.test.purchase(.demo))
                else { throw GaveUp(description: "refused") }
                #expect(try await pair.replicaHas(acceptance.order))
            }
        }
    }

    /// The script is not known to the server: the call is sent again with its source, and waits again.
    @Test func aCallWithTheSourceWaitsToo() async throws {
        try await withPair(.replica) { pair in
            _ = try await pair.test.inventory.claim(pair.test.purchase(.demo))
            _ = try await pair.send("SCRIPT", "FLUSH", to: pair.primary)
            try await pair.whileStopped {
                await #expect(throws: RedisError.notReplicated) {
                    try await pair.test.inventory.claim(pair.test.purchase(.demo))
                }
            }
        }
    }

    @Test func anOrderThatTheReplicaLacksIsAnUnknownOutcome() async throws {
        try await withPair(.replica) { pair in
            let purchase = pair.test.purchase(.demo, key: "k")
            let other = try await pair.anotherInventory()
            try await pair.whileStopped {
                await #expect(throws: RedisError.notReplicated) { try await pair.test.inventory.claim(purchase) }
                let large = pair.test.purchase(.demo, quantity: 1000)
                let refused = try await pair.test.inventory.claim(large)
                #expect(refused == .refused(.quantityAboveMaximum(10)), "a refusal needs no replica")
                // Repeated, also by another program: the order is there, and the replica still lacks it.
                await #expect(throws: RedisError.notReplicated) { try await pair.test.inventory.claim(purchase) }
                await #expect(throws: RedisError.notReplicated) { try await other.claim(purchase) }
            }
            guard case .accepted(let acceptance) = try await other.claim(purchase) else {
                throw GaveUp(description: "refused")
            }
            #expect(acceptance.order == purchase.id)
            #expect(try await pair.replicaHas(purchase.id))
        }
    }

    @Test func aTransitionThatTheReplicaLacksIsAnUnknownOutcome() async throws {
        try await withPair(.replica) { pair in
            let purchase = pair.test.purchase(.demo)
            _ = try await pair.test.inventory.claim(purchase)
            let order = try #require(try await pair.test.inventory.order(purchase.id))
            let other = try await pair.anotherInventory()
            try await pair.whileStopped {
                for inventory in [pair.test.inventory, pair.test.inventory, other] {
                    await #expect(throws: RedisError.notReplicated) { try await inventory.change(order, by: .confirm) }
                }
            }
            guard case .already = try await other.change(order, by: .confirm) else {
                throw GaveUp(description: "not confirmed")
            }
        }
    }

    private func reading(_ pair: Pair) async throws -> RoomReading.Counters? {
        try await pair.test.inventory.room(of: .demo, after: 0, through: pair.test.stores.redis)?.counters
    }

    /// The number is given again if the primary is lost now.
    @Test func aPlaceInARoomThatTheReplicaLacksIsAnUnknownOutcome() async throws {
        try await withPair(.replica) { pair in
            _ = try await pair.test.catalogue.put(.demo, EventChange(admissionRate: 1000))
            let rooms = RoomKeeper(pair.test.partition, ledger: pair.test.ledger)
            var memory = RoomKeeper.Memory()
            while try await rooms.round(&memory) == .atOnce {}
            let (request, other) = (JoinRequest(event: .demo, name: "n"), try await pair.anotherInventory())
            try await pair.whileStopped {
                for inventory in [pair.test.inventory, pair.test.inventory, other] {
                    await #expect(throws: RedisError.notReplicated) { try await inventory.join(request) }
                }
            }
            #expect(try await other.join(request) == .joined(number: 1, generation: 1, isReplay: true))
        }
    }

    /// Whoever has seen a pass would wait again if the primary is lost now.
    @Test func anAdmissionThatTheReplicaLacksIsNotShown() async throws {
        try await withPair(.replica) { pair in
            _ = try await pair.test.catalogue.put(.demo, EventChange(admissionRate: 1000))
            let rooms = RoomKeeper(pair.test.partition, ledger: pair.test.ledger)
            var memory = RoomKeeper.Memory()
            while try await rooms.round(&memory) == .atOnce {}
            for _ in 0..<3 { _ = try await pair.test.inventory.join(JoinRequest(event: .demo)) }
            func admitted() async throws -> Int? {
                try await pair.test.redis("HGET", pair.test.keys.room(.demo), "admitted").integer.map { Int($0) }
            }
            try await pair.whileStopped {
                // Another worker, which knows nothing of this one, shows nothing either.
                for _ in 0..<2 {
                    var other = RoomKeeper.Memory()
                    while try await admitted() != 3 { _ = try await rooms.round(&other) }
                    _ = try await rooms.round(&other)
                    #expect(try await reading(pair)?.admitted == 0)
                    #expect(try await reading(pair)?.ticks.isEmpty == true)
                }
            }
            while try await reading(pair)?.admitted != 3 { _ = try await rooms.round(&memory) }
            #expect(try await reading(pair)?.ticks.last?.to == 3)
        }
    }

    /// The ledger never has a lease that a replica could lack: the worker waits before it writes. After the wait it goes on.
    @Test func aBatchIsTakenAfterTheWait() async throws {
        try await withPair(.replica) { pair in
            let plain = try #require(EventID("plain"))
            try await pair.test.catalogue.ensure(plain, EventTerms(name: "e", capacity: 100))
            _ = try await pair.test.claimAtOnce(5, of: plain)
            try await pair.whileStopped {
                let began = ContinuousClock.now
                let batch = try await pair.test.queue().take(limit: 10)
                #expect(batch?.orders.count == 5)
                #expect(ContinuousClock.now - began >= .milliseconds(490))
            }
        }
    }

    /// The batch of a primary that learns of its demotion during the wait is on no other server: it must not reach the ledger.
    @Test func theBatchOfAReplacedPrimaryIsNotUsed() async throws {
        try await withPair(.replica) { pair in
            _ = try await pair.test.inventory.claim(pair.test.purchase(.demo))
            let port = try await pair.port(of: pair.replica)
            try await pair.whileStopped {
                let queue = pair.test.queue()
                let taken = Task { try await queue.take(limit: 10) }
                try await eventually("the worker waits for the replica") {
                    try await pair.send("INFO", "clients", to: pair.primary).string?.contains("blocked_clients:1")
                        == true
                }
                _ = try await pair.send("REPLICAOF", "127.0.0.1", port, to: pair.primary)
                await #expect(throws: RedisError.self) { try await taken.value }
                #expect(!pair.test.stores.fence.isOpen(pair.test.keys))
                _ = try await pair.send("REPLICAOF", "NO", "ONE", to: pair.primary)
            }
        }
    }

    @Test func diskWaitsForNoReplica() async throws {
        try await withPair(.disk) { pair in
            try await pair.whileStopped {
                guard case .accepted = try await pair.test.inventory.claim(pair.test.purchase(.demo)) else {
                    throw GaveUp(description: "refused")
                }
            }
        }
    }

    /// Without a replica, `replica` is `disk`, and `replica-strict` accepts nothing.
    @Test(arguments: [Durability.replica, .replicaStrict])
    func withoutAReplica(durability: Durability) async throws {
        try await withPair(durability) { pair in
            if durability == .replicaStrict {
                _ = try await pair.send("CONFIG", "SET", "min-replicas-to-write", "1", to: pair.primary)
            }
            _ = try await pair.test.inventory.claim(pair.test.purchase(.demo))
            try await pair.replica.kill()
            try await pair.waitForReplicas(0)
            try await pair.look()
            #expect(pair.test.queue().connectedReplicas == 0)
            #expect(pair.test.log.text.contains("no replica is connected"))
            let claimed: Bool
            do throws(RedisError) {
                claimed =
                    if case .accepted = try await pair.test.inventory.claim(pair.test.purchase(.demo)) { true } else {
                        false
                    }
            } catch {
                #expect(error.serverCode == "NOREPLICAS")
                #expect(!error.mayHaveRun)
                claimed = false
            }
            #expect(claimed == (durability == .replica))
        }
    }

    /// A primary that took the data of another one is the same process, with the same epoch: its orders since are gone.
    @Test func aPrimaryThatTookOtherDataIsNotUsed() async throws {
        try await withPair(.disk) { pair in
            let watch = ServerWatch(pair.test.recovery, partitions: [pair.test.keys])
            await watch.look()
            #expect(pair.test.stores.fence.isOpen(pair.test.keys))
            let found = try await pair.test.recovery.compare(pair.test.keys).found
            try await pair.test.recovery.requireSameData(pair.test.keys, found)
            _ = try await pair.send("REPLICAOF", "NO", "ONE", to: pair.replica)
            _ = try await pair.test.inventory.claim(pair.test.purchase(.demo))
            let port = try await pair.port(of: pair.replica)
            _ = try await pair.send("REPLICAOF", "127.0.0.1", port, to: pair.primary)
            try await eventually("the primary has the data of the other") {
                try await pair.send("INFO", "replication", to: pair.primary).string?
                    .contains("master_link_status:up") == true
            }
            _ = try await pair.send("REPLICAOF", "NO", "ONE", to: pair.primary)
            await #expect(throws: RedisError.self, "a rebuild that began before does not go on") {
                try await pair.test.recovery.requireSameData(pair.test.keys, found)
            }
            await watch.look()
            #expect(!pair.test.stores.fence.isOpen(pair.test.keys))
            await #expect(throws: RedisError.self) { try await pair.test.inventory.claim(pair.test.purchase(.demo)) }
            try await pair.test.recover()
            guard case .accepted = try await pair.test.inventory.claim(pair.test.purchase(.demo)) else {
                throw GaveUp(description: "refused")
            }
        }
    }
}
