import Foundation
import Glibc
import TestSupport
import Testing

/// Load on a cluster during a fault. Afterwards the cluster comes to rest, and its stores are compared with the
/// history.
enum FaultRun {
    /// - Parameters:
    ///   - seed: the seed of the clients.
    ///   - inject: the fault, which has ended when the closure returns.
    ///   - name: the name of the fault in the report.
    static func verdict(
        _ name: String, seed: UInt64, on cluster: Cluster, _ inject: @escaping @Sendable (History) async throws -> Void
    ) async throws -> Verdict {
        let history = History()
        let ports = [cluster.clientProxy.port] + cluster.apiPorts.dropFirst()
        let load = Load(history: history, ports: ports, seed: seed)
        let running = Task { await load.run() }
        do {
            try await waitUntilItSells(history)
            try await inject(history)
            // The sale continues without an intervention.
            try await waitUntilItSells(history)
        } catch {
            running.cancel()
            await running.value
            throw GaveUp(description: "\(error)\n\(await cluster.logs)")
        }
        running.cancel()
        await running.value
        try await cluster.waitUntilAtRest()
        let operations = history.operations
        var state = try await cluster.finalState()
        // Only keys of orders in the ledger are sent again: the key of a lost order is free, and a request with it is a
        // new purchase.
        let rows = state.rows
        state.replays = try await load.replays(
            of: ClientObservations(operations, state.ids).keyed.filter { rows[$0.key] != nil })
        let verdict = Verdict(operations, state, customerLimit: [Cluster.scarce: Cluster.customerLimit])
        report("fault: \(name): \(verdict)")
        return verdict
    }

    static func waitUntilItSells(_ history: History) async throws {
        let before = history.accepted
        try await eventually("purchases are accepted", within: 60) { history.accepted > before + 20 }
    }
}

/// Prints a line of the report, and flushes it because the output may be a pipe.
func report(_ line: String) {
    print(line)
    fflush(nil)
}
