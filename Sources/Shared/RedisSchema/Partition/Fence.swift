import NIOConcurrencyHelpers
import NIOCore
package import RedisClient

/// The Redis that this process trusts: for each partition, the server process, the history of its data and the epoch that a
/// comparison found to have all that the ledger has seen. Every script that sells, changes or takes orders uses the fence.
///
/// A restarted server process has another run id, an emptied Redis has no epoch, and a primary that took the data of another
/// one has another history. None sells anything before a recovery has checked it.
package final class Fence: Sendable {
    /// The permission to use a partition.
    package struct Pass: Hashable {
        /// The run id of the server process.
        package var server: String
        /// The id of the history of the server's data (`master_replid`).
        package var replication: String
        /// The value that the epoch key must have.
        package var epoch: String

        package init(server: String, replication: String, epoch: String) {
            self.server = server
            self.replication = replication
            self.epoch = epoch
        }

        /// Whether the pass is one for this server with these data, and the server accepts writes.
        func isFor(_ status: RedisServerStatus) -> Bool {
            status.isPrimary && status.runID == server && status.replicationID == replication
        }
    }

    private struct State {
        var passes: [Int: Pass] = [:]
        var progress: [Int: RecoveryProgress] = [:]
        /// The replicas that were connected to each partition's server at the last look.
        var connectedReplicas: [Int: Int] = [:]
        var isCheckRequested = false
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = NIOLockedValueBox(State())

    package let durability: Durability

    package init(_ durability: Durability) { self.durability = durability }

    /// The number of replicas that an acknowledgement waits for.
    func replicas(_ keys: Keyspace) -> Int {
        guard durability != .disk else { return 0 }
        return durability.replicas(connected: connectedReplicas(keys))
    }

    /// A fence for the same servers that trusts none of them yet.
    package func closedCopy() -> Fence {
        let copy = Fence(durability)
        let replicas = state.withLockedValue { $0.connectedReplicas }
        copy.state.withLockedValue { $0.connectedReplicas = replicas }
        return copy
    }

    /// The replicas that were connected to the partition's server at the last look.
    package func connectedReplicas(_ keys: Keyspace) -> Int {
        state.withLockedValue { $0.connectedReplicas[keys.partition] } ?? 0
    }

    package func pass(_ keys: Keyspace) -> Pass? { state.withLockedValue { $0.passes[keys.partition] } }

    package func isOpen(_ keys: Keyspace) -> Bool { pass(keys) != nil }

    package func open(_ keys: Keyspace, for pass: Pass) {
        state.withLockedValue { $0.passes[keys.partition] = pass }
    }

    package func close(_ keys: Keyspace) {
        state.withLockedValue { $0.passes[keys.partition] = nil }
    }

    /// Notes the replicas of a partition's server. Closes the partition, and requests a check, if the server is not the one
    /// that the pass is for any more.
    ///
    /// - Returns: the replicas that were noted before; nil if there was no look before.
    package func note(_ status: RedisServerStatus, of keys: Keyspace) -> Int? {
        let (isClosed, before) = state.withLockedValue { state in
            let before = state.connectedReplicas.updateValue(status.onlineReplicas, forKey: keys.partition)
            guard let pass = state.passes[keys.partition], !pass.isFor(status) else { return (false, before) }
            state.passes[keys.partition] = nil
            return (true, before)
        }
        if isClosed { requestCheck() }
        return before
    }

    /// Stores the progress of a partition's recovery, for reports.
    package func note(_ progress: RecoveryProgress, of keys: Keyspace) {
        state.withLockedValue { $0.progress[keys.partition] = progress }
    }

    /// The progress of a partition's recovery when it was last checked.
    package func progress(_ keys: Keyspace) -> RecoveryProgress {
        state.withLockedValue { $0.progress[keys.partition] } ?? RecoveryProgress(.comparing)
    }

    /// The server and epoch of a partition that can be used. If it cannot, throws
    /// ``RedisError/Code/preconditionFailed`` and requests a check.
    func requirePass(_ keys: Keyspace) throws(RedisError) -> Pass {
        if let pass = pass(keys) { return pass }
        requestCheck()
        throw RedisError(.preconditionFailed, "Redis is being compared with the ledger", mayHaveRun: false)
    }

    /// Reacts to the failure of a call: closes the partition if the server is a replica, and requests a check if the
    /// failure can come from a lost or changed Redis.
    package func note(_ error: RedisError, in keys: Keyspace) {
        // A replica may become a master with other data, under the same run id.
        if error.serverCode == "READONLY" || error.serverCode == "MASTERDOWN" { close(keys) }
        if error.code == .preconditionFailed || error.code == .notConnected || !isOpen(keys) { requestCheck() }
    }

    /// Requests a check of all partitions, as soon as possible.
    package func requestCheck() {
        let waiting = state.withLockedValue { state in
            state.isCheckRequested = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for waiter in waiting.values { waiter.resume() }
    }

    /// Returns when a check is requested, or the task is cancelled.
    package func checkRequested() async {
        let number = state.withLockedValue { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLockedValue { state in
                    guard !state.isCheckRequested, !Task.isCancelled else { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.waiting.removeValue(forKey: number) }?.resume()
        }
    }

    /// Clears the request, before a check begins. A later request causes another check.
    package func clearRequests() {
        state.withLockedValue { $0.isCheckRequested = false }
    }
}

extension RedisError {
    /// The same error, with the code ``Code/preconditionFailed`` if a script replied that the epoch is not the
    /// caller's. Scripts check the epoch before they write, so nothing was changed.
    var recognizingFence: RedisError {
        serverCode == "FENCED" ? RedisError(.preconditionFailed, message, mayHaveRun: false) : self
    }
}
