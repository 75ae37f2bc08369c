import Domain
import Logging
import NIOConcurrencyHelpers
import RedisSchema
import Timing

/// The backfill of a partition by one process: its progress, and the events that it is backfilling at the moment.
final class BackfillWork: Sendable {
    private static let reportInterval = Duration.seconds(3)

    private struct State {
        var progress = RecoveryProgress(.backfilling)
        var eventsInProgress: Set<EventID> = []
    }

    let backfiller: Backfiller
    /// The token of the lease that this process holds.
    let token: String
    private let state = NIOLockedValueBox(State())
    private let began = ContinuousClock.now

    init(_ backfiller: Backfiller, _ token: String) {
        self.backfiller = backfiller
        self.token = token
    }

    // MARK: Progress

    var progress: RecoveryProgress { state.withLockedValue { $0.progress } }

    /// Adds to the units that are backfilled, and to the units in all.
    func add(_ units: Int, ofTotal total: Int = 0) {
        state.withLockedValue {
            $0.progress.done += units
            $0.progress.total += total
        }
    }

    /// Sets both counts to 0, at the beginning of a pass.
    func resetProgress() {
        state.withLockedValue {
            $0.progress.done = 0
            $0.progress.total = 0
        }
    }

    /// Logs the progress every 3 seconds until the task is cancelled.
    func report() async throws {
        while true {
            try await Task.sleep(for: Self.reportInterval)
            var progress = progress
            progress.elapsed = ContinuousClock.now - began
            backfiller.logger?.notice(
                "backfilling Redis from the ledger",
                metadata: [
                    "partition": "\(backfiller.keys.partition)", "tickets": "\(progress.done) of \(progress.total)",
                    "seconds_left": "\(progress.remainingSeconds)",
                ])
        }
    }

    /// Notes and logs that the backfill is complete.
    func finish() {
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        backfiller.fence.note(RecoveryProgress(.complete), of: backfiller.keys)
        backfiller.logger?.notice(
            "Redis is backfilled",
            metadata: [
                "partition": "\(backfiller.keys.partition)", "tickets": "\(progress.done)",
                "seconds": "\((seconds * 10).rounded() / 10)",
            ])
    }

    // MARK: Events

    /// Backfills and publishes events, except those that the other lane of this process is backfilling.
    func backfill(_ ids: [EventID]) async throws {
        let mine = state.withLockedValue { state in
            let mine = ids.filter { !state.eventsInProgress.contains($0) }
            state.eventsInProgress.formUnion(mine)
            return mine
        }
        defer { state.withLockedValue { $0.eventsInProgress.subtract(mine) } }
        if !mine.isEmpty { try await EventBackfill(self).backfill(mine) }
    }
}
