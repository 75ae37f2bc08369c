/// How far a partition's recovery is, for those who wait for it and those who watch.
package struct RecoveryProgress: Hashable, Sendable {
    package enum Phase: String, Hashable, Sendable {
        /// Nothing is known of the partition yet: it is compared with the ledger.
        case comparing
        /// Nothing was lost; a new epoch begins.
        case resuming
        /// What Redis still has is brought to the ledger, and the rest is deleted.
        case draining
        /// It sells; events that are not filled in yet answer `recovering`.
        case backfilling = "filling"
        /// All that has to be is filled in.
        case complete
    }

    package var phase: Phase
    /// Tickets of events that are filled in, and of all that have to be, as far as is known.
    package var done: Int
    package var total: Int
    /// Since the filling began.
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

    /// The same while the partition may not be used, whatever it was before.
    package var whileClosed: RecoveryProgress {
        phase == .backfilling || phase == .complete ? RecoveryProgress(.comparing) : self
    }

    /// Tickets a second so far; before there is a figure, what an idle machine was measured to do.
    private var rate: Double {
        let seconds = elapsed / .seconds(1)
        return done > 0 && seconds > 0.1 ? Double(done) / seconds : 100_000
    }

    /// Seconds until so many tickets more are filled in, from 1 to 60.
    package func seconds(for tickets: Int) -> Int {
        min(60, max(1, Int((Double(max(0, tickets)) / rate).rounded(.up))))
    }

    /// Seconds until all is filled in, as far as it can be told: at least 1.
    package var remainingSeconds: Int { phase == .complete ? 0 : seconds(for: total - done) }
}
