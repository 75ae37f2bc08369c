import Foundation
import Glibc
import TestSupport
import Testing

/// Load on a cluster while something strikes it; then everything is brought to rest and held against the history.
enum FaultRun {
    /// - Parameters:
    ///   - seed: of the clients.
    ///   - strike: what goes wrong; over when it returns.
    ///   - name: what the report's line calls it.
    static func verdict(
        _ name: String, seed: UInt64, on cluster: Cluster, _ strike: @escaping @Sendable (History) async throws -> Void
    ) async throws -> Verdict {
        let history = History()
        let ports = [cluster.clientProxy.port] + cluster.apiPorts.dropFirst()
        let load = Load(history: history, ports: ports, seed: seed)
        let running = Task { await load.run() }
        do {
            try await sells(history)
            try await strike(history)
            // And goes on by itself.
            try await sells(history)
        } catch {
            running.cancel()
            await running.value
            throw GaveUp(description: "\(error)\n\(await cluster.logs)")
        }
        running.cancel()
        await running.value
        try await cluster.drain()
        let operations = history.operations
        var state = try await cluster.finalState()
        // Afterwards: the key of an order that is lost is free, and sending it again would be a purchase.
        let rows = state.rows
        state.replays = try await load.replays(of: ClientObservations(operations).keyed.filter { rows[$0.key] != nil })
        let verdict = Verdict(operations, state, customerLimit: [Cluster.scarce: Cluster.customerLimit])
        say("fault: \(name): \(verdict)")
        return verdict
    }

    private static func sells(_ history: History) async throws {
        let before = history.accepted
        try await eventually("it sells", within: 60) { history.accepted > before + 20 }
    }
}

/// A line of the report, at once also where it goes into a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
