import TestSupport
import Testing

@testable import Timing

/// Redis is emptied while the ledger has many orders, and the recovery is interrupted several times: everything that
/// hangs on the orders comes back. The same seed draws the same interruptions.
@Suite(.timeLimit(.minutes(600))) struct RecoveryAtSizeTests {
    @Test(arguments: Chaos.seeds) func anInterruptedRecoveryBringsEverythingBack(seed: UInt64) async throws {
        try await Cluster.withCluster { cluster in
            let interruptions = Interruptions(seed: seed)
            let run = "recovery of \(Chaos.rows) orders, seed \(seed), interruptions \(interruptions.drawn)"
            do {
                let data = LedgerData(rows: Chaos.rows, seed: seed)
                try await data.put(into: cluster)
                _ = try await cluster.redis("FLUSHALL")
                try await interruptions.strike(cluster)
                let (first, filled) = try await sellAgain(data, on: cluster)
                say("chaos: \(run): first sale after \(first) s, filled after \(filled) s")
                try await check(RecoveryAudit(data: data, cluster: cluster), run)
            } catch {
                throw GaveUp(description: "\(run): \(error)\n\(await cluster.logs)")
            }
        }
    }

    /// Sells each event to a new customer at each API, and waits until everything is filled in. The answer is how many
    /// seconds after the last interruption the first sale was, and the end of the filling.
    ///
    /// For a moment after Redis is emptied, an API may say that it is ready since it has not noticed; one that has sold
    /// has noticed.
    private func sellAgain(_ data: LedgerData, on cluster: Cluster) async throws -> (first: Double, filled: Double) {
        let over = ContinuousClock.now
        @Sendable func seconds() -> Double { ((ContinuousClock.now - over) / .milliseconds(100)).rounded() / 10 }
        let buyers = data.events.flatMap { event in cluster.apiPorts.map { (event.id.description, $0) } }
        let sales = try await buyers.inParallel(buyers.count) { event, port in
            let answer = try await PatientClient(ports: [port]).buy(
                event, customer: "new-\(port)", key: "new-\(port)", within: 180)
            guard answer.status == 202 else { throw GaveUp(description: "not sold: \(answer.status) \(answer.body)") }
            return seconds()
        }
        try await cluster.untilReady(within: 180)
        return (sales.min() ?? 0, seconds())
    }

    private func check(_ audit: RecoveryAudit, _ run: String) async throws {
        try await audit.untilHoldsHaveEnded()
        try await audit.cluster.drain()
        let bought = audit.data.events.count * audit.cluster.apiPorts.count
        let (orders, ended) = (
            try await audit.count(where: "true"), try await audit.count(where: "status = 'expired'")
        )
        #expect(orders == audit.data.rows + bought, "\(run)")
        #expect(ended == audit.data.ending, "\(run)")
        try await checkStores(audit, run)

        let unreplayed = try await audit.unreplayed()
        #expect(unreplayed == nil, "\(run)")
        let unlimited = try await audit.unlimited()
        #expect(unlimited == nil, "\(run)")
        let unchangeable = try await audit.unchangeable()
        #expect(unchangeable == nil, "\(run)")

        // Nothing of that is a purchase, and what was changed has reached the ledger.
        try await audit.cluster.drain()
        let (ordersAfter, cancelled) = (
            try await audit.count(where: "true"), try await audit.count(where: "status = 'cancelled'")
        )
        #expect(ordersAfter == orders, "\(run)")
        #expect(cancelled == 50, "\(run)")
        try await checkStores(audit, run)
    }

    private func checkStores(_ audit: RecoveryAudit, _ run: String) async throws {
        let unbalanced = try await audit.unbalanced()
        #expect(unbalanced == nil, "\(run)")
        let doubled = try await audit.doubled()
        #expect(doubled == nil, "\(run)")
        let aboveLimit = try await audit.aboveLimit()
        #expect(aboveLimit == nil, "\(run)")
        let unequalCounters = try await audit.unequalCounters()
        #expect(unequalCounters == nil, "\(run)")
        let miscounted = try await audit.miscounted()
        #expect(miscounted == nil, "\(run)")
        let unequalHolds = try await audit.unequalHolds()
        #expect(unequalHolds == nil, "\(run)")
    }
}
