import TestSupport

@testable import RedisClient
@testable import RedisSchema

/// Which nodes have the partition that sells.
extension Cluster {
    typealias Node = RedisClusterNodes.Node

    struct Owner {
        let primary: Node
        /// Its replica.
        let replica: Node
        /// The primaries of other slots, which are never lost.
        let others: [Node]
    }

    private static let slot = HashSlot(ofKey: Keyspace(partition: 0).queue)

    /// What most of the nodes agree on.
    func owner() async throws -> Owner {
        guard let nodes else { throw GaveUp(description: "not a Redis Cluster") }
        let groups = zip(nodes.primaries, nodes.replicas).map { [$0] + $1 }
        for witness in nodes.all {
            guard let reply = try? await witness.connection.send(RedisCommand("CLUSTER", "SLOTS")),
                let map = try? SlotMap(reply, from: witness.address), let address = map.primary(of: Self.slot),
                let group = groups.first(where: { group in group.contains { $0.address == address } }),
                // A node that is paused or was cut off can be behind.
                !group.contains(where: { $0.id == witness.id }),
                let primary = group.first(where: { $0.address == address }),
                let replica = group.first(where: { $0.address != address })
            else { continue }
            let others = nodes.all.filter { $0.id != primary.id && map.primaries.contains($0.address) }
            return Owner(primary: primary, replica: replica, others: others)
        }
        throw GaveUp(description: "no node tells who has the slot")
    }

    /// Waits until the owner is another node than the one given.
    func waitForAnotherOwner(than node: Node) async throws {
        try await eventually("another node has the slot") {
            guard let owner = try? await self.owner(), owner.primary.id != node.id else { return false }
            return try await owner.primary.connection.send(RedisCommand("ROLE")).array?.first?.string == "master"
        }
    }

    /// Waits until the owner has its replica again, so that the next fault is one machine's.
    func waitUntilReplicated() async throws {
        try await eventually("the owner has its replica") {
            guard let owner = try? await self.owner() else { return false }
            let own = try? await owner.primary.connection.send(RedisCommand("INFO", "replication")).string
            let copy = try? await owner.replica.connection.send(RedisCommand("INFO", "replication")).string
            return own?.contains("state=online") == true && copy?.contains("master_link_status:up") == true
        }
        // Until they know of it, they acknowledge without it: that is another fault within the first.
        for port in apiPorts {
            try await eventually("the programs know of the replica") {
                let metrics = try? await HTTPClient(port: port).send("GET", "/metrics", within: .seconds(5)).body
                return metrics?.contains("ticketblitz_connected_replicas 1") == true
            }
        }
    }
}
