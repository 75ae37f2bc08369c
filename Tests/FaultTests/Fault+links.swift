import TestSupport

/// Links between the machines of a Redis Cluster and the programs, cut for longer than a failover takes.
struct CutLink: Sendable, CustomStringConvertible {
    let description: String
    /// The pairs of machines that do not hear each other.
    let pairs: @Sendable (Cluster.Owner, _ api: TestNetwork.Host, _ worker: TestNetwork.Host, [Cluster.Node]) -> [Pair]

    typealias Pair = (TestNetwork.Host?, TestNetwork.Host?)

    static let all = [
        CutLink(description: "API and primary") { owner, api, _, _ in [(owner.primary.host, api)] },
        CutLink(description: "worker and primary") { owner, _, worker, _ in [(owner.primary.host, worker)] },
        CutLink(description: "primary and replica") { owner, _, _, _ in [(owner.primary.host, owner.replica.host)] },
        CutLink(description: "primary and another primary") { owner, _, _, _ in
            [(owner.primary.host, owner.others[0].host)]
        },
        CutLink(description: "replica and the other nodes") { owner, _, _, nodes in
            nodes.filter { $0.id != owner.replica.id && $0.id != owner.primary.id }.map {
                ($0.host, owner.replica.host)
            }
        },
        // The programs still reach a primary whose replica takes over.
        CutLink(description: "primary and all other nodes") { owner, _, _, nodes in
            nodes.filter { $0.id != owner.primary.id }.map { ($0.host, owner.primary.host) }
        },
        CutLink(description: "primary and everybody") { owner, api, worker, nodes in
            nodes.filter { $0.id != owner.primary.id }.map { ($0.host, owner.primary.host) }
                + [(owner.primary.host, api), (owner.primary.host, worker)]
        },
    ]

    /// Cuts the link for some seconds.
    func inject(_ cluster: Cluster, in network: TestNetwork) async throws {
        guard let nodes = cluster.nodes, let worker = cluster.workerHost else { return }
        let cut = pairs(try await cluster.owner(), network.here, worker, nodes.all)
        for case (let one?, let other?) in cut { try await network.cut(one, other) }
        // The node timeout is 2 s; a failover takes up to 5 s.
        try await Fault.pause(7)
        for case (let one?, let other?) in cut { try await network.restore(one, other) }
        try await cluster.waitUntilReplicated()
    }
}
