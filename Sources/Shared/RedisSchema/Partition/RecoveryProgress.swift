/// The progress of a partition's recovery, for reports and for the estimates that clients receive.
package struct RecoveryProgress: Hashable, Sendable {
    package enum Phase: String, Hashable, Sendable {
        /// The state of the partition is not known yet: it is being compared with the ledger.
        case comparing
        /// Nothing was lost; a new epoch begins.
        case resuming
        /// The remaining orders are settled in the ledger, and the rest is deleted.
        case draining
        /// The partition is open. Claims of events that are not backfilled yet are refused as `recovering`.
        case backfilling = "filling"
        /// Every event that has to be backfilled is.
        case complete
    }

    package var phase: Phase
    /// Tickets of the events that are backfilled, and of all events that have to be, as far as is known.
    package var done: Int
    package var total: Int
    /// The time since the backfill began.
    package var elapsed: Duration

    package init(_ phase: Phase, done: Int = 0, total: Int = 0, elapsed: Duration = .zero) {
        self.phase = phase
        self.done = done
        self.total = total
        self.elapsed = elapsed
    }

    package init(_ state: PartitionState, isOpen: Bool) {
        guard isOpen else {
            let phase: Phase =
                switch state.seal?.phase {
                case .resume: .resuming
                case .drain, .wipe: .draining
                case nil: .comparing
                }
            self.init(phase)
            return
        }
        let backfill = state.backfill
        self.init(
            backfill.isDue && backfill.epoch != nil && !backfill.isComplete ? .backfilling : .complete,
            done: backfill.done,
            total: backfill.total, elapsed: backfill.age)
    }

    /// The progress to report while the partition cannot be used.
    package var whileClosed: RecoveryProgress {
        phase == .backfilling || phase == .complete ? RecoveryProgress(.comparing) : self
    }

    /// Tickets a second so far; 100,000 before it can be computed, which was measured on an idle machine.
    private var rate: Double {
        let seconds = elapsed / .seconds(1)
        return done > 0 && seconds > 0.1 ? Double(done) / seconds : 100_000
    }

    /// Estimated seconds until this number of tickets is backfilled, from 1 to 60.
    package func seconds(for tickets: Int) -> Int {
        min(60, max(1, Int((Double(max(0, tickets)) / rate).rounded(.up))))
    }

    /// Estimated seconds until the backfill is complete: from 1 to 60, or 0 if it is complete.
    package var remainingSeconds: Int { phase == .complete ? 0 : seconds(for: total - done) }
}
