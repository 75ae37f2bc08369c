import Logging
import RedisClient
package import RedisSchema

/// Asks the servers of all partitions whether they still are the ones that the passes are for. A look needs Redis only, so
/// that a server with other data is not used while Postgres is unavailable.
package struct ServerWatch: Sendable {
    package static let interval = Duration.seconds(1)
    /// The interval while a node of a cluster has no replica. What is acknowledged between the return of the replica and the
    /// next look is not waited for.
    package static let intervalWithoutReplica = Duration.milliseconds(100)

    private let recovery: Recovery
    private let partitions: [Keyspace]

    package init(_ recovery: Recovery, partitions: [Keyspace]) {
        self.recovery = recovery
        self.partitions = partitions
    }

    /// Looks every second until the task is cancelled; more often while a replica is awaited.
    package func run() async throws {
        while true {
            // From the beginning of a look: a server that does not answer must not delay the next look at the others.
            let begun = ContinuousClock.now
            await look()
            let interval = awaitsReplica ? Self.intervalWithoutReplica : Self.interval
            try await Task.sleep(until: begun + interval, clock: .continuous)
        }
    }

    private var awaitsReplica: Bool {
        recovery.redis.isCluster && recovery.fence.durability != .disk
            && partitions.contains { recovery.fence.connectedReplicas($0) == 0 }
    }

    /// Asks each server once, all at the same time. Closes the partitions of servers that have changed. A server that does
    /// not answer keeps its passes: it sells nothing either.
    package func look() async {
        var nodes: [(node: RedisNode, partitions: [Keyspace])] = []
        for keys in partitions {
            let node = recovery.redis.node(of: keys.slot)
            if let index = nodes.firstIndex(where: { $0.node === node }) {
                nodes[index].partitions.append(keys)
            } else {
                nodes.append((node, [keys]))
            }
        }
        await withDiscardingTaskGroup { group in
            for (node, partitions) in nodes {
                group.addTask {
                    guard let status = try? await node.connections[0].status() else { return }
                    for keys in partitions { recovery.note(status, of: keys) }
                }
            }
        }
    }
}

extension Recovery {
    /// Notes what a server says about itself, and logs whether its orders are on replicas when that changes.
    func note(_ status: RedisServerStatus, of keys: Keyspace) {
        let before = fence.note(status, of: keys)
        let hadReplicas = (before ?? 0) > 0
        let hasReplicas = status.onlineReplicas > 0
        guard fence.durability != .disk, status.isPrimary else { return }
        let metadata: Logger.Metadata = [
            "partition": "\(keys.partition)", "durability": "\(fence.durability.rawValue)",
        ]
        if hasReplicas, !hadReplicas {
            logger.notice("purchases are acknowledged when the replicas have them", metadata: metadata)
        } else if !hasReplicas, fence.durability == .replicaStrict, before == nil || hadReplicas {
            logger.error("no replica is connected: purchases are refused until one is", metadata: metadata)
        } else if !hasReplicas, hadReplicas {
            logger.warning(
                "no replica is connected: the loss of the server would lose acknowledged orders", metadata: metadata)
        }
    }
}
