import Foundation
import Glibc
import NIOConcurrencyHelpers
import TestSupport
import Testing

/// Random faults for a given time, one after another. Faults of programs and faults of servers occur concurrently. The
/// same seed has the same faults in the same order.
@Suite(.timeLimit(.minutes(600))) struct ChaosTests {
    /// Faults of programs, and workers that end at a failpoint.
    private static let programs =
        Fault.programs
        + ["after-take", "in-transaction", "before-commit", "after-commit", "in-acknowledgement"].map { failpoint in
            Fault("a worker ends \(failpoint)") { cluster, _ in
                try await cluster.killWorker(0)
                try await cluster.startWorker(0, failpoint: ["FAILPOINT": failpoint])
                // If a server is unavailable at this moment, the worker may have nothing to do and is killed.
                _ = try? await eventually("the worker exits", within: 5) { await !cluster.isWorkerRunning(0) }
                try await cluster.killWorker(0)
                try await cluster.startWorker(0)
            }
        }

    private static let others = Fault.servers + Fault.commands + Fault.network

    @Test(arguments: Chaos.seeds) func randomFaultsLoseNothing(seed: UInt64) async throws {
        try await Cluster.withCluster { cluster in
            try await run(seed, "", [Self.programs, Self.others], on: cluster)
        }
    }

    /// The faults of servers occur one after another: two nodes lost at once would be the loss of both copies.
    @Test(.enabled(if: Chaos.isLong), arguments: Chaos.seeds)
    func randomFaultsOfAClusterLoseNothing(seed: UInt64) async throws {
        let kind = RedisKind.allCases[Int(seed % UInt64(RedisKind.allCases.count))]
        let nodes = Fault.cluster + (kind == .valkey ? [.slotMovedAtomically] : [])
        try await RedisKind.$current.withValue(kind) {
            try await withRedisClusterNodes(primaries: 3, replicas: 1, nodeTimeout: 2000) { servers in
                try await Cluster.withCluster(nodes: servers) { cluster in
                    try await run(
                        seed, "cluster of \(kind), ", [Self.programs, nodes + [Fault.backendsKilled]], on: cluster)
                }
            }
        }
    }

    /// - Parameter lanes: the faults of each lane occur one after another, those of different lanes concurrently.
    private func run(_ seed: UInt64, _ what: String, _ lanes: [[Fault]], on cluster: Cluster) async throws {
        let injected = NIOLockedValueBox<[String]>([])
        let verdict: Verdict
        do {
            verdict = try await FaultRun.verdict("random faults of \(what)seed \(seed)", seed: seed, on: cluster) { _ in
                let end = ContinuousClock.now + .seconds(Chaos.seconds)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (lane, faults) in lanes.enumerated() {
                        group.addTask {
                            var generator = SeededGenerator(seed: seed &* 2 &+ UInt64(lane))
                            while ContinuousClock.now < end {
                                try await Fault.pause(.random(in: 0...1, using: &generator))
                                guard let fault = faults.randomElement(using: &generator) else { return }
                                injected.withLockedValue { $0.append(fault.name) }
                                try await fault.inject(cluster, &generator)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        } catch {
            throw GaveUp(description: "\(what)seed \(seed), \(injected.withLockedValue { $0 }): \(error)")
        }
        let faults = injected.withLockedValue { $0 }
        #expect(verdict.holds, "\(what)seed \(seed), \(faults): \(verdict)")
        #expect(verdict.rejected.isEmpty, "\(what)seed \(seed), \(faults): \(verdict)")
        report("chaos: \(what)seed \(seed), \(Chaos.seconds) s, \(faults.count) faults: \(verdict)")
    }

    /// Sales continue while Postgres is unavailable for a minute, and all orders are persisted afterwards.
    @Test(.enabled(if: Chaos.isLong)) func theSaleContinuesDuringAnOutageOfPostgresOfAMinute() async throws {
        try await Cluster.withCluster { cluster in
            let verdict = try await FaultRun.verdict("Postgres unavailable for 60 s", seed: 9, on: cluster) { history in
                try await cluster.postgres.stop()
                let before = history.accepted
                try await Fault.pause(60)
                #expect(history.accepted > before + 500, "the sale stopped while Postgres was unavailable")
                try await cluster.postgres.restart()
            }
            #expect(verdict.holds, "\(verdict)")
            #expect(verdict.rejected.isEmpty, "\(verdict)")
            report("chaos: Postgres unavailable for 60 s: \(verdict)")
        }
    }
}
