package import Logging
package import NIOCore

/// The connections to one server, or to the primary nodes of a cluster.
package final class RedisClient: Sendable {
    private enum Servers {
        case one(RedisNode)
        case cluster(RedisCluster)
    }

    private let servers: Servers
    /// The configuration of each connection, but for its server.
    let configuration: RedisConfiguration

    /// Starts to open the connections, without waiting for them. If the URL names nodes of a cluster, the client asks them
    /// for the map of the cluster, and opens connections to the nodes that the map names.
    ///
    /// - Parameter slots: the slots that the client uses: it opens connections to their primaries only, and does not use a
    ///   map that does not assign each of them. If there are none, it opens connections to all primaries.
    package init(
        _ configuration: RedisConfiguration, slots: [HashSlot] = [], group: any EventLoopGroup, logger: Logger
    ) async throws {
        if configuration.url.clusterNodes.isEmpty {
            self.configuration = configuration
            servers = .one(try await RedisNode(configuration, group: group, logger: logger))
        } else {
            let cluster = try await RedisCluster(configuration, slots: slots, group: group, logger: logger)
            self.configuration = cluster.configuration
            servers = .cluster(cluster)
        }
    }

    /// The connection to the primary of a slot, of the caller's event loop. Callers on other threads get the connections
    /// of the node in turn.
    package func connection(of slot: HashSlot) -> RedisConnection { node(of: slot).connection }

    /// The primary of a slot, as far as this client knows. Another node refuses the slot's commands, and the client asks
    /// for the map again.
    package func node(of slot: HashSlot) -> RedisNode {
        switch servers {
        case .one(let node): node
        case .cluster(let cluster): cluster.node(of: slot)
        }
    }

    /// The address of the primary of a slot; nil if it is unknown yet.
    func address(of slot: HashSlot) -> RedisURL.Address? {
        switch servers {
        case .one(let node): node.address
        case .cluster(let cluster): cluster.address(of: slot)
        }
    }

    /// Calls `body`, on any thread, each time another server may have a slot.
    func observeServers(_ body: @escaping @Sendable () -> Void) {
        if case .cluster(let cluster) = servers { cluster.observeMap(body) }
    }

    /// All nodes that this client has connections to.
    package var nodes: [RedisNode] {
        switch servers {
        case .one(let node): [node]
        case .cluster(let cluster): cluster.nodes
        }
    }

    /// Whether the client is one of a cluster.
    package var isCluster: Bool { if case .cluster = servers { true } else { false } }

    /// What the servers of a cluster that the settings name say about it; empty for a single server. Servers that do not
    /// answer are left out.
    ///
    /// - Throws: the reason if none answers.
    package func clusterMembers() async throws(RedisError) -> [ClusterMember] {
        guard case .cluster(let cluster) = servers else { return [] }
        return try await cluster.members()
    }

    package func close() async {
        switch servers {
        case .one(let node): await node.close()
        case .cluster(let cluster): await cluster.close()
        }
    }
}
