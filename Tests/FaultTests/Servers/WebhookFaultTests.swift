import TestSupport
import Testing

/// Every committed change is delivered at least once, and none that did not commit, whatever ends.
@Suite(.timeLimit(.minutes(15))) struct WebhookFaultTests {
    /// The worker dies between settling and acknowledging, claiming an endpoint and sending, and answer and record.
    @Test(arguments: ["before-commit", "after-commit", "after-delivery-claim", "after-post"])
    func aWorkerThatDiesDeliversEverything(failpoint: String) async throws {
        try await Cluster.withCluster(workers: 1) { cluster in
            let check = try await cluster.checkingWebhooks(seed: 1) {
                let verdict = try await FaultRun.verdict("worker ends \(failpoint)", seed: 6, on: cluster) { _ in
                    for _ in 0..<2 {
                        try await cluster.killWorker(0)
                        try await cluster.startWorker(0, failpoint: ["FAILPOINT": failpoint])
                        try await cluster.workerEnds(0)
                    }
                    try await cluster.startWorker(0)
                }
                #expect(verdict.holds, "\(failpoint): \(verdict)")
            }
            #expect(check.holds, "\(failpoint): \(check)")
            #expect(check.messages > 20)
            report("webhooks: worker ends \(failpoint): \(check)")
        }
    }

    /// Faults of programs, servers and networks, while the receiver fails at random.
    @Test(arguments: Chaos.seeds) func randomFaultsDeliverEverything(seed: UInt64) async throws {
        try await Cluster.withCluster { cluster in
            let check = try await cluster.checkingWebhooks(seed: seed) {
                let verdict = try await FaultRun.verdict("webhooks, seed \(seed)", seed: seed, on: cluster) { _ in
                    var generator = SeededGenerator(seed: seed)
                    let end = ContinuousClock.now + .seconds(Chaos.seconds)
                    while ContinuousClock.now < end {
                        guard let fault = Fault.all.randomElement(using: &generator) else { return }
                        try await fault.inject(cluster, &generator)
                        try await Fault.pause(.random(in: 0...1, using: &generator))
                    }
                }
                #expect(verdict.holds, "seed \(seed): \(verdict)")
            }
            #expect(check.holds, "seed \(seed): \(check)")
            report("webhooks: seed \(seed): \(check)")
        }
    }
}
