import NIOConcurrencyHelpers
import NIOCore
import RedisClient

/// Which Redis may be relied on: for each partition the server process, and the epoch in it, that were found to hold all
/// that the ledger has seen. Whatever sells, changes or takes orders goes by it, and by nothing else.
///
/// A server process that restarted has another run id, and a Redis that was emptied has lost its epoch; so neither sells
/// anything before ``Recovery`` has looked at it and put it right.
package final class Fence: Sendable {
    package struct Pass: Hashable {
        /// The server process, by its run id.
        package var server: String
        /// What its epoch key has to hold.
        package var epoch: String

        package init(server: String, epoch: String) {
            self.server = server
            self.epoch = epoch
        }
    }

    private struct State {
        package var passes: [Int: Pass] = [:]
        package var progress: [Int: RecoveryProgress] = [:]
        var isCheckRequested = false
        package var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package func pass(_ keys: Keyspace) -> Pass? { state.withLockedValue { $0.passes[keys.partition] } }

    package func isOpen(_ keys: Keyspace) -> Bool { pass(keys) != nil }

    package func open(_ keys: Keyspace, for pass: Pass) {
        state.withLockedValue { $0.passes[keys.partition] = pass }
    }

    package func close(_ keys: Keyspace) {
        state.withLockedValue { $0.passes[keys.partition] = nil }
    }

    /// Notes how far a partition's recovery is, for whoever is asked.
    package func note(_ progress: RecoveryProgress, of keys: Keyspace) {
        state.withLockedValue { $0.progress[keys.partition] = progress }
    }

    /// How far a partition's recovery is, as it was last looked at.
    package func progress(_ keys: Keyspace) -> RecoveryProgress {
        state.withLockedValue { $0.progress[keys.partition] } ?? RecoveryProgress(.comparing)
    }

    /// The server and epoch of a partition that may be used. Throws ``RedisError/Code/preconditionFailed`` if it may not, and
    /// requests a check.
    func requirePass(_ keys: Keyspace) throws(RedisError) -> Pass {
        if let pass = pass(keys) { return pass }
        requestCheck()
        throw RedisError(.preconditionFailed, "Redis is being compared with the ledger", mayHaveRun: false)
    }

    /// Draws its conclusions from a call's failure.
    package func note(_ error: RedisError, in keys: Keyspace) {
        // A server that is no master may come back as one with another's data, under the same run id.
        if error.serverCode == "READONLY" || error.serverCode == "MASTERDOWN" { close(keys) }
        if error.code == .preconditionFailed || error.code == .notConnected || !isOpen(keys) { requestCheck() }
    }

    /// Has the partitions looked at soon.
    package func requestCheck() {
        let waiting = state.withLockedValue { state in
            state.isCheckRequested = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for waiter in waiting.values { waiter.resume() }
    }

    /// Returns when there is a requestCheck that nobody has taken up, or the task is cancelled.
    package func checkRequested() async {
        let number = state.withLockedValue { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLockedValue { state in
                    guard !state.isCheckRequested, !Task.isCancelled else { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.waiting.removeValue(forKey: number) }?.resume()
        }
    }

    /// Takes the doubts up: what comes after this is a new one.
    package func clearRequests() {
        state.withLockedValue { $0.isCheckRequested = false }
    }
}

extension RedisError {
    /// The same error, as ``Code/preconditionFailed`` if it is what a script of ours answers when the epoch is not the
    /// caller's. Scripts check the epoch before they write, so nothing was changed.
    var recognizingFence: RedisError {
        serverCode == "FENCED" ? RedisError(.preconditionFailed, message, mayHaveRun: false) : self
    }
}
