import Foundation
import Logging
import NIOCore
import NIOPosix
package import RedisClient

/// The nodes of a Redis Cluster for one test.
package struct RedisClusterNodes: Sendable {
    package struct Node: Sendable {
        package let server: RedisServer
        package let port: Int
        package let connection: RedisConnection
        /// The id of the node in the cluster.
        package let id: String
        /// Its machine; nil if all nodes are on this one.
        package let host: TestNetwork.Host?

        package var address: RedisURL.Address { .tcp(host: hostName, port: port) }
        fileprivate var hostName: String { host?.address ?? "127.0.0.1" }
    }

    /// The primaries, in the order of their slots.
    package let primaries: [Node]
    /// The replicas of each primary, in the same order.
    package let replicas: [[Node]]

    package var all: [Node] { primaries + replicas.flatMap(\.self) }
    /// Names all nodes.
    package var url: String { "redis://" + all.map { "\($0.hostName):\($0.port)" }.joined(separator: ",") }

    fileprivate static func start(
        primaries count: Int, replicas: Int, isSpread: Bool, nodeTimeout: Int, network: TestNetwork?
    ) async throws -> RedisClusterNodes {
        var nodes: [Node] = []
        do {
            for _ in 0..<(count * (1 + replicas)) {
                nodes.append(try await startNode(nodeTimeout: nodeTimeout, host: try await network?.add()))
            }
            for number in 0..<count {
                let (first, last) = (16_384 * number / count, 16_384 * (number + 1) / count - 1)
                if isSpread { try await nodes[number].send("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)") }
            }
            if !isSpread { try await nodes[0].send("CLUSTER", "ADDSLOTSRANGE", "0", "16383") }
            for (number, node) in nodes.enumerated() {
                // Nodes without a configuration epoch of their own would have the same one.
                try await node.send("CLUSTER", "SET-CONFIG-EPOCH", String(number + 1))
            }
            for node in nodes.dropFirst() {
                let bus = try await node.send("CONFIG", "GET", "cluster-port").array?.last?.string ?? ""
                try await nodes[0].send("CLUSTER", "MEET", node.hostName, String(node.port), bus)
            }
            let total = nodes.count
            for node in nodes {
                try await eventually("the node knows all others and the slots") {
                    let info = try await node.send("CLUSTER", "INFO").string ?? ""
                    return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:\(total)")
                }
            }
            let cluster = RedisClusterNodes(
                primaries: Array(nodes.prefix(count)),
                replicas: (0..<count).map { primary in
                    (0..<replicas).map { nodes[count + primary * replicas + $0] }
                })
            for (primary, own) in zip(cluster.primaries, cluster.replicas) {
                for replica in own { try await replica.replicate(primary) }
            }
            return cluster
        } catch {
            await RedisClusterNodes(primaries: nodes, replicas: []).stop()
            throw error
        }
    }

    private static func startNode(nodeTimeout: Int, host: TestNetwork.Host?) async throws -> Node {
        let port = try freePort()
        let bind = host.map { "--bind \($0.address) --protected-mode no" } ?? ""
        let server = try await RedisServer.start(
            options: """
                --port \(port) --cluster-enabled yes --cluster-port \(try freePort()) \
                --cluster-node-timeout \(nodeTimeout) --cluster-require-full-coverage no --repl-diskless-sync-delay 0 \
                \(bind)
                """, launcher: host?.launcher ?? [])
        let connection = try await RedisConnection.open(
            RedisConfiguration(url: RedisURL(server.url())), on: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let id = try await connection.send(RedisCommand("CLUSTER", "MYID")).string ?? ""
        return Node(server: server, port: port, connection: connection, id: id, host: host)
    }

    /// The primary that has a key's slot at the start, if the slots are spread.
    package func primary(ofTheSlotOf key: String) -> Node {
        primaries[HashSlot(ofKey: key).number * primaries.count / 16_384]
    }

    /// Begins to move a slot from one primary to another, key by key. It stays in this state until the slot is assigned.
    package func beginMigration(ofTheSlotOf key: String, from source: Node, to target: Node) async throws {
        let slot = String(HashSlot(ofKey: key).number)
        try await target.send("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        try await source.send("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
    }

    /// Assigns a slot, whose keys have been moved, to a primary.
    ///
    /// - Parameter current: the primaries, if they are not those of the start any more.
    package func assign(slotOf key: String, to target: Node, among current: [Node]? = nil) async throws {
        let slot = String(HashSlot(ofKey: key).number)
        // Until every node knows, heartbeats name two owners. The one with the higher epoch remains.
        try await target.send("CLUSTER", "BUMPEPOCH")
        // The target first: otherwise nobody has the slot for a moment.
        try await target.send("CLUSTER", "SETSLOT", slot, "NODE", target.id)
        for node in current ?? primaries where node.id != target.id {
            try await node.send("CLUSTER", "SETSLOT", slot, "NODE", target.id)
        }
    }

    fileprivate func stop() async {
        for node in all {
            await node.connection.close()
            try? await node.server.kill()
        }
    }
}

extension RedisClusterNodes.Node {
    @discardableResult
    package func send(_ words: String...) async throws -> RESPValue {
        try await connection.send(RedisCommand(words), timeout: .seconds(20))
    }

    /// Becomes a replica of a primary, and waits until it has its data.
    fileprivate func replicate(_ primary: RedisClusterNodes.Node) async throws {
        try await eventually("the node is a replica") {
            (try? await send("CLUSTER", "REPLICATE", primary.id)) != nil
        }
        try await eventually("the replica has the primary's data") {
            (try? await send("INFO", "replication").string)?.contains("master_link_status:up") == true
        }
    }
}

/// Starts a cluster for one test, runs `body`, and stops the cluster, also if `body` throws.
///
/// - Parameters:
///   - replicas: the number of replicas of each primary.
///   - isSpread: whether the primaries have equally many slots; otherwise the first one has all.
///   - nodeTimeout: the milliseconds after which a silent node counts as failed.
///   - network: where each node gets a machine of its own.
package func withRedisClusterNodes<Value>(
    primaries: Int, replicas: Int = 0, isSpread: Bool = true, nodeTimeout: Int = 5000,
    network: TestNetwork? = nil, _ body: (RedisClusterNodes) async throws -> Value
) async throws -> Value {
    let cluster = try await RedisClusterNodes.start(
        primaries: primaries, replicas: replicas, isSpread: isSpread, nodeTimeout: nodeTimeout, network: network)
    do {
        let value = try await body(cluster)
        await cluster.stop()
        return value
    } catch {
        await cluster.stop()
        throw error
    }
}
