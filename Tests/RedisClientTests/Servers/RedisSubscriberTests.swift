import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import RedisClient

/// Sharded messages of a real cluster.
@Suite(.redisAndValkey, .timeLimit(.minutes(10))) struct RedisSubscriberTests {
    private static let channels = (0..<12).map { "channel:\($0)" }

    private struct Received: Sendable {
        private let box = NIOLockedValueBox<(messages: [String], listening: Int)>(([], 0))

        func add(_ message: [UInt8]) {
            box.withLockedValue { $0.messages.append(String(decoding: message, as: UTF8.self)) }
        }
        func begin() { box.withLockedValue { $0.listening += 1 } }
        var messages: [String] { box.withLockedValue { $0.messages } }
        var listening: Int { box.withLockedValue { $0.listening } }
    }

    private func withSubscriber(
        _ cluster: RedisClusterNodes, _ body: (RedisClient, Received) async throws -> Void
    ) async throws {
        let received = Received()
        let client = try await RedisClient(
            RedisConfiguration(url: RedisURL(cluster.url)), group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let subscriber = RedisSubscriber(
            RedisSubscription(
                channels: Self.channels, onMessage: { received.add($0) }, onListening: { received.begin() }),
            through: client, on: MultiThreadedEventLoopGroup.singleton.next())
        do {
            for channel in Self.channels { try await hear(channel, client, received) }
            try await body(client, received)
        } catch {
            await subscriber.close()
            await client.close()
            throw error
        }
        await subscriber.close()
        await client.close()
    }

    /// Publishes on a channel until the message arrives: the subscription may be on its way.
    private func hear(_ channel: String, _ client: RedisClient, _ received: Received) async throws {
        let message = "\(channel) \(UInt64.random(in: 0 ... .max))"
        try await eventually("a message of \(channel) arrives") {
            _ = try? await client.connection(of: HashSlot(ofKey: channel)).send(
                RedisCommand("SPUBLISH", channel, message))
            return received.messages.contains(message)
        }
    }

    @Test func messagesOfEachNodeArrive() async throws {
        try await withRedisClusterNodes(primaries: 3) { cluster in
            try await withSubscriber(cluster) { client, _ in
                #expect(Set(Self.channels.map { client.node(of: HashSlot(ofKey: $0)).address }).count == 3)
            }
        }
    }

    @Test func aMessageIsDeliveredOnce() async throws {
        try await withRedisClusterNodes(primaries: 3) { cluster in
            try await withSubscriber(cluster) { client, received in
                // What was repeated until the subscriptions were there may still arrive.
                let delivered: @Sendable () -> Int = { received.messages.count { $0 == "m" } }
                for channel in Self.channels {
                    let reply = try await client.connection(of: HashSlot(ofKey: channel)).send(
                        RedisCommand("SPUBLISH", channel, "m"))
                    #expect(reply.integer == 1, "one subscriber on the node of the slot")
                }
                try await eventually("all arrive") { delivered() >= Self.channels.count }
                #expect(delivered() == Self.channels.count)
            }
        }
    }

    /// The server ends the subscription without being asked.
    @Test func theSubscriptionFollowsASlot() async throws {
        try await withRedisClusterNodes(primaries: 2) { cluster in
            try await withSubscriber(cluster) { client, received in
                let channel = Self.channels[0]
                let owner = client.node(of: HashSlot(ofKey: channel)).address
                let target = try #require(cluster.primaries.first { $0.address != owner })
                let before = received.listening
                try await cluster.assign(slotOf: channel, to: target)
                // No message is needed to notice it.
                try await eventually("the subscription is on the other node") {
                    try await target.send("PUBSUB", "SHARDNUMSUB", channel).array?.last?.integer == 1
                }
                try await eventually("the subscriber reads what it has missed") { received.listening > before }
                for channel in Self.channels { try await hear(channel, client, received) }
            }
        }
    }

    @Test func theSubscriptionFollowsAFailover() async throws {
        try await withRedisClusterNodes(primaries: 3, replicas: 1, nodeTimeout: 1000) { cluster in
            try await withSubscriber(cluster) { client, received in
                let before = received.listening
                try await cluster.primaries[0].server.kill()
                for channel in Self.channels { try await hear(channel, client, received) }
                #expect(received.listening > before, "each message came after its subscription")
            }
        }
    }

    /// The old primary stays alive as a replica, and ends the subscriptions.
    @Test func theSubscriptionFollowsADemotion() async throws {
        try await withRedisClusterNodes(primaries: 3, replicas: 1) { cluster in
            try await withSubscriber(cluster) { client, received in
                let replica = cluster.replicas[0][0]
                try await eventually("the replica has taken over") {
                    _ = try? await replica.send("CLUSTER", "FAILOVER")
                    return try await replica.send("ROLE").array?.first?.string == "master"
                }
                for channel in Self.channels { try await hear(channel, client, received) }
            }
        }
    }
}
