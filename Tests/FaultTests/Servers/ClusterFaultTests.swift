import Foundation
import TestSupport
import Testing

/// Each fault of a Redis Cluster once, under load and with the checker of ``FaultTests``: nothing is lost, doubled or
/// oversold, and the sale continues.
@Suite(.timeLimit(.minutes(10))) struct ClusterFaultTests {
    struct Case: Sendable, CustomStringConvertible {
        let fault: Fault
        let kind: RedisKind

        var description: String { "\(fault) of \(kind)" }
    }

    /// With CLUSTER_FAULTS=all, each fault on both kinds of servers; otherwise on one of them in turn, to save time.
    private static let isComplete = ProcessInfo.processInfo.environment["CLUSTER_FAULTS"] == "all"

    private static func kinds(_ number: Int) -> [RedisKind] {
        isComplete ? RedisKind.allCases : [RedisKind.allCases[number % RedisKind.allCases.count]]
    }

    static let cases =
        Fault.cluster.enumerated().flatMap { number, fault in kinds(number).map { Case(fault: fault, kind: $0) } }
        + [Case(fault: .slotMovedAtomically, kind: .valkey)]

    private func withCluster(
        _ kind: RedisKind, _ body: @escaping @Sendable (Cluster) async throws -> Void
    ) async throws {
        try await RedisKind.$current.withValue(kind) {
            try await withRedisClusterNodes(primaries: 3, replicas: 1, nodeTimeout: 2000) { nodes in
                try await Cluster.withCluster(nodes: nodes, body)
            }
        }
    }

    @Test(arguments: cases) func aFaultLosesNothing(case: Case) async throws {
        try await withCluster(`case`.kind) { cluster in
            let verdict = try await FaultRun.verdict("\(`case`)", seed: 1, on: cluster) { _ in
                var generator = SeededGenerator(seed: 1)
                try await `case`.fault.inject(cluster, &generator)
            }
            #expect(verdict.holds, "\(`case`): \(verdict)")
            #expect(verdict.rejected.isEmpty, "\(`case`): \(verdict)")
            #expect(await !cluster.hasFoundALoss, "\(`case`) cost a rebuild")
        }
    }

    /// What the replica lacks was not acknowledged. The ledger may have it, and then Redis is rebuilt.
    @Test(arguments: RedisKind.allCases) func aReplicaThatIsBehindLosesNothingThatWasAcknowledged(
        kind: RedisKind
    ) async throws {
        try await withCluster(kind) { cluster in
            let fault = Fault.replicaPausedAndPrimaryKilled
            let verdict = try await FaultRun.verdict("\(fault) of \(kind)", seed: 2, on: cluster) { _ in
                var generator = SeededGenerator(seed: 2)
                try await fault.inject(cluster, &generator)
            }
            #expect(verdict.holds, "\(verdict)")
        }
    }

    /// It empties its replica too. What had not reached the ledger is lost, and nothing is sold twice.
    @Test(arguments: RedisKind.allCases) func aPrimaryThatRestartsEmptySellsNothingTwice(kind: RedisKind) async throws {
        try await withCluster(kind) { cluster in
            let verdict = try await FaultRun.verdict("the primary of \(kind) restarted empty", seed: 3, on: cluster) {
                _ in
                let primary = try await cluster.owner().primary
                try await primary.server.kill()
                try primary.server.removeFiles()
                try await primary.server.restart()
                try await cluster.waitUntilReplicated()
            }
            #expect(verdict.doubled.isEmpty, "\(verdict)")
            #expect(verdict.oversold.isEmpty, "\(verdict)")
            #expect(verdict.unbalanced.isEmpty, "\(verdict)")
            #expect(verdict.aboveLimit.isEmpty, "\(verdict)")
            #expect(verdict.miscounted.isEmpty, "\(verdict)")
            #expect(verdict.notReplayed.isEmpty, "\(verdict)")
            #expect(verdict.lost.count < verdict.accepted / 2, "\(verdict)")
        }
    }

    /// The links are cut one after another, while the sale goes on.
    @Test(
        .enabled(if: TestNetwork.isPermitted, "only root can make network namespaces"),
        arguments: RedisKind.allCases)
    func cutLinksLoseNothing(kind: RedisKind) async throws {
        try await RedisKind.$current.withValue(kind) {
            try await withTestNetwork { network in
                let worker = try await network.add()
                try await withRedisClusterNodes(primaries: 3, replicas: 1, nodeTimeout: 2000, network: network) {
                    nodes in
                    try await Cluster.withCluster(nodes: nodes, workerHost: worker) { cluster in
                        let verdict = try await FaultRun.verdict("links of \(kind) cut", seed: 4, on: cluster) {
                            history in
                            for link in CutLink.all {
                                try await link.inject(cluster, in: network)
                                try await FaultRun.waitUntilItSells(history)
                                report("\(kind): the link between \(link) was cut, accepted \(history.accepted)")
                            }
                        }
                        #expect(verdict.holds, "\(verdict)")
                    }
                }
            }
        }
    }
}
