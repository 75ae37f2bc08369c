import TestSupport
import Testing

@testable import Timing

/// Redis is emptied while the ledger has many orders, and the recovery is interrupted several times. It restores holds,
/// customer units, keys and counters. The same seed has the same interruptions.
@Suite(.timeLimit(.minutes(600))) struct RecoveryAtSizeTests {
    @Test(arguments: Chaos.seeds) func anInterruptedRecoveryRestoresEverything(seed: UInt64) async throws {
        try await Cluster.withCluster { cluster in
            let interruptions = Interruptions(seed: seed)
            let run = "recovery of \(Chaos.rows) orders, seed \(seed), interruptions \(interruptions.drawn)"
            do {
                let data = LedgerData(rows: Chaos.rows, seed: seed, ids: try await cluster.keyedIDs())
                try await data.insert(into: cluster)
                _ = try await cluster.redis("FLUSHALL")
                try await interruptions.inject(cluster)
                let (first, backfilled) = try await sellAgain(data, on: cluster)
                report("chaos: \(run): first sale after \(first) s, backfilled after \(backfilled) s")
                try await check(RecoveryAudit(data: data, cluster: cluster), run)
            } catch {
                throw GaveUp(description: "\(run): \(error)\n\(await cluster.logs)")
            }
        }
    }

    /// Buys from each event at each API with a new customer, and waits until all events are backfilled.
    ///
    /// - Returns: the seconds from the last interruption until the first sale and until the end of the backfill.
    ///
    /// For a moment after Redis is emptied, an API may report that it is ready because it has not detected it. An API
    /// that has sold has detected it.
    private func sellAgain(_ data: LedgerData, on cluster: Cluster) async throws -> (first: Double, backfilled: Double)
    {
        let end = ContinuousClock.now
        @Sendable func seconds() -> Double { ((ContinuousClock.now - end) / .milliseconds(100)).rounded() / 10 }
        let buyers = data.events.flatMap { event in cluster.apiPorts.map { (event.id.description, $0) } }
        let sales = try await buyers.inParallel(buyers.count) { event, port in
            let response = try await PatientClient(ports: [port]).buy(
                event, customer: "new-\(port)", key: "new-\(port)", within: 180)
            guard response.status == 202 else {
                throw GaveUp(description: "not sold: \(response.status) \(response.body)")
            }
            return seconds()
        }
        try await cluster.waitUntilReady(within: 180)
        return (sales.min() ?? 0, seconds())
    }

    private func check(_ audit: RecoveryAudit, _ run: String) async throws {
        try await audit.waitUntilHoldsHaveExpired()
        try await audit.cluster.waitUntilAtRest()
        let bought = audit.data.events.count * audit.cluster.apiPorts.count
        let (orders, expired) = (
            try await audit.count(where: "true"), try await audit.count(where: "status = 'expired'")
        )
        #expect(orders == audit.data.rows + bought, "\(run)")
        #expect(expired == audit.data.expiringSoon, "\(run)")
        try await checkStores(audit, run)

        let unreplayed = try await audit.unreplayed()
        #expect(unreplayed == nil, "\(run)")
        let unlimited = try await audit.unlimited()
        #expect(unlimited == nil, "\(run)")
        let unchangeable = try await audit.unchangeable()
        #expect(unchangeable == nil, "\(run)")

        // These requests create no orders, and their changes have reached the ledger.
        try await audit.cluster.waitUntilAtRest()
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
        let differentCounters = try await audit.differentCounters()
        #expect(differentCounters == nil, "\(run)")
        let miscounted = try await audit.miscounted()
        #expect(miscounted == nil, "\(run)")
        let differentHolds = try await audit.differentHolds()
        #expect(differentHolds == nil, "\(run)")
    }
}
