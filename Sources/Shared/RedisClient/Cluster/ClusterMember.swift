import NIOCore

/// What one server that the settings name says about its cluster.
package struct ClusterMember: Hashable, Sendable {
    package var address: RedisURL.Address
    /// Whether the server is a node of a cluster at all. If it is not, the other fields are empty.
    package var isNode: Bool
    package var id = ""
    /// The nodes that it knows, with itself.
    package var knownNodes: Set<String> = []
    /// The number of slots that are assigned to a node.
    package var assignedSlots = 0
    /// Whether the whole cluster stops while any slot has no node (`cluster-require-full-coverage`); nil if the server
    /// does not say.
    package var requiresFullCoverage: Bool?

    package init(
        _ address: RedisURL.Address, isNode: Bool, id: String = "", knownNodes: Set<String> = [],
        assignedSlots: Int = HashSlot.count, requiresFullCoverage: Bool? = false
    ) {
        self.address = address
        self.isNode = isNode
        self.id = id
        self.knownNodes = knownNodes
        self.assignedSlots = assignedSlots
        self.requiresFullCoverage = requiresFullCoverage
    }

    /// Asks a server.
    init(_ address: RedisURL.Address, on connection: RedisConnection) async throws(RedisError) {
        self.address = address
        isNode = try await connection.isNodeOfACluster()
        guard isNode else { return }
        id = try await connection.send(RedisCommand("CLUSTER", "MYID")).string ?? ""
        let nodes = try await connection.send(RedisCommand("CLUSTER", "NODES")).string ?? ""
        knownNodes = Set(nodes.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) })
        let state = try await connection.send(RedisCommand("CLUSTER", "INFO")).string ?? ""
        let assigned = state.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cluster_slots_assigned:") }
        assignedSlots = assigned.flatMap { Int($0.split(separator: ":")[1]) } ?? 0
        do throws(RedisError) {
            let setting = RedisCommand("CONFIG", "GET", "cluster-require-full-coverage")
            requiresFullCoverage = try await connection.send(setting).array?.last?.string.map { $0 == "yes" }
        } catch {
            guard error.code == .server else { throw error }
            requiresFullCoverage = nil
        }
    }
}

extension RedisConnection {
    /// Whether the server is a node of a cluster.
    package func isNodeOfACluster() async throws(RedisError) -> Bool {
        try await send(RedisCommand("INFO", "cluster")).string?.contains("cluster_enabled:1") == true
    }
}

extension RedisCluster {
    /// Asks the servers that the settings name. Those that do not answer are left out.
    ///
    /// - Throws: the reason if none answers.
    func members() async throws(RedisError) -> [ClusterMember] {
        var members: [ClusterMember] = []
        var failure = RedisError(.notConnected, "no server is named", mayHaveRun: false)
        for address in seeds {
            do throws(RedisError) {
                let member = try await withConnection(to: address) { connection async throws(RedisError) in
                    try await ClusterMember(address, on: connection)
                }
                members.append(member)
            } catch {
                failure = error
            }
        }
        if members.isEmpty { throw failure }
        return members
    }
}
