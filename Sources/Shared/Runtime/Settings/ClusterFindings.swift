import RedisClient
import RedisSchema

/// The findings about a cluster, from what the servers say that REDIS_URL names. No I/O.
extension ServerSettings.Finding {
    static func about(_ members: [ClusterMember]) -> [Self] {
        if let other = members.first(where: { !$0.isNode }) {
            return [
                refuse(
                    "REDIS_URL names several hosts, but \(other.address) is not a node of a Redis Cluster; name one "
                        + "server, or nodes of one cluster")
            ]
        }
        guard let first = members.first else { return [] }
        if let stranger = members.dropFirst().first(where: { !first.knownNodes.contains($0.id) }) {
            return [
                refuse(
                    "REDIS_URL names nodes of two clusters: \(first.address) does not know \(stranger.address)")
            ]
        }
        var findings: [Self] = []
        if let member = members.first(where: { $0.assignedSlots < HashSlot.count }) {
            findings.append(
                refuse(
                    "the Redis Cluster has no node for \(HashSlot.count - member.assignedSlots) of its "
                        + "\(HashSlot.count) slots; assign all (redis-cli --cluster fix)"))
        }
        if let member = members.first(where: { $0.requiresFullCoverage == true }) {
            findings.append(
                refuse(
                    "cluster-require-full-coverage is yes on \(member.address): the failure of one node would stop the "
                        + "sales of all; set it to no"))
        }
        return findings
    }

    /// The finding about a single server that is a node of a cluster.
    static func about(nodeThatIsNamedAlone address: RedisURL.Address) -> Self {
        refuse(
            "REDIS_URL names one node of a Redis Cluster, \(address); name at least two of its nodes, separated by commas"
        )
    }

    /// - Parameter isNeeded: whether purchases have to wait for replicas now.
    static func about(userThatMayNotWait durability: Durability, isNeeded: Bool) -> Self {
        Self(
            weight: isNeeded ? .refuse : .warn,
            line:
                "DURABILITY is \(durability.rawValue), but the user of Redis may not run WAIT: add +wait to its ACL, or "
                + "set DURABILITY=disk")
    }

    private static func refuse(_ line: String) -> Self { Self(weight: .refuse, line: line) }
}
