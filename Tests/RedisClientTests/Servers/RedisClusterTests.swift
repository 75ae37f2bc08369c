import Logging
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import RedisClient

/// A client of a real cluster.
@Suite(.redisAndValkey, .timeLimit(.minutes(10))) struct RedisClusterTests {
    private let keys = (0..<40).map { "key:\($0)" }

    /// A client that has the map.
    private func withClient(
        _ url: String, slots: [HashSlot] = [], _ body: (RedisClient) async throws -> Void
    ) async throws {
        let client = try await RedisClient(
            RedisConfiguration(url: RedisURL(url)), slots: slots, group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await body(client)
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }

    /// Sets a key, again after each refusal.
    private func set(_ key: String, _ value: String, _ client: RedisClient) async throws {
        try await eventually("the key is set") {
            do throws(RedisError) {
                _ = try await client.connection(of: HashSlot(ofKey: key)).send(RedisCommand("SET", key, value))
                return true
            } catch {
                return false
            }
        }
    }

    @Test func eachKeyGoesToItsNode() async throws {
        try await withRedisClusterNodes(primaries: 3) { cluster in
            try await withClient(cluster.url) { client in
                for key in keys { try await set(key, "v", client) }
                #expect(Set(client.nodes.map(\.address)) == Set(cluster.primaries.map(\.address)))
                var found = 0
                for node in cluster.primaries { found += Int(try await node.send("DBSIZE").integer ?? 0) }
                #expect(found == keys.count)
            }
        }
    }

    @Test func oneReachableNodeIsEnough() async throws {
        try await withRedisClusterNodes(primaries: 2) { cluster in
            let url = "redis://127.0.0.1:\(try freePort()),127.0.0.1:\(cluster.primaries[1].port)"
            try await withClient(url) { client in
                for key in keys { try await set(key, "v", client) }
            }
        }
    }

    /// The command for a slot that has moved is refused once. It is not sent again by the client.
    @Test func aRedirectionIsFollowedByTheNextCommand() async throws {
        try await withRedisClusterNodes(primaries: 2) { cluster in
            try await withClient(cluster.url) { client in
                let slot = HashSlot(ofKey: "a")
                try await set("a", "1", client)
                var error: RedisError?
                // The client asks for the map every 10 s too. If it does between the move and the command, the command
                // is not redirected, and the slot moves again.
                for _ in 0..<20 where error == nil {
                    let from = try #require(cluster.primaries.first { $0.address == client.node(of: slot).address })
                    let to = try #require(cluster.primaries.first { $0.id != from.id })
                    try await from.send("DEL", "a")
                    try await cluster.assign(slotOf: "a", to: to)
                    do {
                        _ = try await client.connection(of: slot).send(RedisCommand("SET", "a", "2"))
                    } catch let failure as RedisError {
                        error = failure
                    }
                    try await eventually("the client uses the new node") { client.node(of: slot).address == to.address }
                }
                #expect(error?.serverCode == "MOVED")
                #expect(error?.mayHaveRun == false)
                #expect(try await client.connection(of: slot).send(RedisCommand("SET", "a", "2")).string == "OK")
            }
        }
    }

    @Test func aReplicaThatTookOverIsUsed() async throws {
        try await withRedisClusterNodes(primaries: 3, replicas: 1, nodeTimeout: 1000) { cluster in
            try await withClient(cluster.url) { client in
                for key in keys { try await set(key, "1", client) }
                try await cluster.primaries[0].server.kill()
                for key in keys { try await set(key, "2", client) }
                let addresses = client.nodes.map(\.address)
                #expect(addresses.contains(cluster.replicas[0][0].address))
                #expect(!addresses.contains(cluster.primaries[0].address))
            }
        }
    }

    /// Keys of the other nodes are served while a node is down.
    @Test func theOtherNodesAreNotAffectedByTheLossOfOne() async throws {
        try await withRedisClusterNodes(primaries: 2) { cluster in
            try await withClient(cluster.url) { client in
                for key in keys { try await set(key, "1", client) }
                try await cluster.primaries[0].server.kill()
                for key in keys where client.node(of: HashSlot(ofKey: key)).address == cluster.primaries[1].address {
                    let reply = try await client.connection(of: HashSlot(ofKey: key)).send(RedisCommand("GET", key))
                    #expect(reply.string == "1")
                }
            }
        }
    }

    /// A map without a slot that the client uses is not used.
    @Test func aMapWithoutAWantedSlotIsNotUsed() async throws {
        try await withRedisClusterNodes(primaries: 2) { cluster in
            try await cluster.primaries[0].send("CLUSTER", "DELSLOTSRANGE", "0", "0")
            let slot = try #require(HashSlot(0))
            try await withClient(cluster.url, slots: [slot]) { client in
                let asked = { @Sendable () async throws -> Bool in
                    let stats = try await cluster.primaries[1].send("INFO", "commandstats").string ?? ""
                    return stats.contains("cmdstat_cluster|slots:calls")
                }
                try await eventually("a node is asked") { try await asked() }
                #expect(client.nodes.map(\.address) == [cluster.primaries[0].address])
            }
        }
    }
}
