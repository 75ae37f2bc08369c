@testable import Domain
@testable import Engine
@testable import RedisSchema

/// A primary that was paused while its replica was promoted. When it continues, it accepts calls on connections that were
/// opened before, until it learns that it was replaced. Then it takes the data of the new primary.
struct PausedPrimary {
    var store: MemoryStore
    /// The epoch in the pass of the programs that still call it: its run id and its history are the same as before.
    var epoch: String?
    var isAwake = false
}

/// A paused primary. Nothing that it accepted when it continues was acknowledged or reaches the ledger, and a program that
/// used it before it was replaced does not use it again after it was promoted a second time, also without the ledger.
extension Simulation {
    func continuePause() throws {
        guard paused?.isAwake == true else {
            if chance(60) {
                paused?.isAwake = true
                note("the paused primary continues")
            }
            return
        }
        if chance(60) { return try callPausedPrimary() }
        try endPause()
        // There and back.
        if chance(60) { try promote() }
    }

    /// Two failovers while a process stands still.
    func failOverThereAndBack() throws {
        guard paused == nil, !isEnding else { return }
        try promote(pausing: true)
        guard paused != nil else { return }
        try endPause()
        try promote()
    }

    /// The primary becomes the replica. What it alone had is gone.
    func endPause() throws {
        note("the paused primary takes the data of the new one")
        paused = nil
        replica = ReplicaModel(of: store)
        try forgetLost()
    }

    /// A program that has not learned of the promotion calls the primary that it knows.
    private func callPausedPrimary() throws {
        guard var there = paused, let epoch = there.epoch else { return }
        there.store.now = store.now
        let replica = replica
        swap(&store, &there.store)
        (self.replica, isOnPausedPrimary) = (nil, true)
        defer {
            swap(&store, &there.store)
            (self.replica, paused, isOnPausedPrimary) = (replica, there, false)
        }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<45: try claimThere(epoch)
        case 45..<70: try changeThere(epoch)
        case 70..<90: try takeThere(epoch)
        default: try acknowledgeThere()
        }
    }

    /// The outcomes are unknown to the clients, because the wait is too short.
    private func claimThere(_ epoch: String) throws {
        let purchases = (0..<Int.random(in: 1...3, using: &generator)).map { _ in purchase() }
        let outcomes = try run(ClaimScript(purchases, queueLimit: 40), epoch: epoch)
        let isAcknowledged = !guards.waitsForClaims || waitForReplica()
        note("claims on the paused primary: \(outcomes)\(isAcknowledged ? "" : " short")")
        for case .accepted(let acceptance) in outcomes {
            if !known.contains(acceptance.order) { known.append(acceptance.order) }
            if isAcknowledged, !accepted.contains(acceptance.order) { accepted.append(acceptance.order) }
        }
    }

    private func changeThere(_ epoch: String) throws {
        let orders = known.shuffled(using: &generator).prefix(2).compactMap(find)
        let requests = orders.map { order in
            TransitionRequest(
                order: order.id, event: order.event, transition: chance(50) ? .confirm : .cancel,
                fallback: order.isPersisted ? order : nil)
        }
        guard !requests.isEmpty else { return }
        let replies = try run(TransitionScript(requests, queueLimit: 0), epoch: epoch)
        let isAcknowledged = !guards.waitsForClaims || waitForReplica()
        note("changes on the paused primary: \(replies)\(isAcknowledged ? "" : " short")")
        guard isAcknowledged else { return }
        for case .outcome(let outcome) in replies { acknowledge(outcome) }
    }

    /// A worker asks the server once more after a wait that was too short. By then the primary knows that it was replaced.
    private func takeThere(_ epoch: String) throws {
        let take = TakeScript(token: makeToken(), limit: 5, lease: Self.lease)
        guard let batch = try run(take, epoch: epoch) else { return }
        note("a worker takes \(batch.orders.map(\.id)) on the paused primary")
        let isReplicated = !guards.waitsForTakes || waitForReplica()
        guard isReplicated || !guards.dropsBatchOfReplacedPrimary, !isLedgerAway else { return }
        let settlements = ledger.settle(batch.orders, lease: batch.number)
        note("it settles them: \(settlements)")
        for case .rejected in settlements { throw fail("the ledger rejected an order") }
    }

    /// Needs no pass. The new primary still has the batch, and another worker takes it over.
    private func acknowledgeThere() throws {
        for (index, worker) in workers.enumerated() {
            guard case .settled(let batch, let settlements) = worker else { continue }
            let isDone = try run(AcknowledgeScript(batch, settlements, fence: .none))
            note("worker \(index) acknowledges \(batch.token) on the paused primary: \(isDone)")
            workers[index] = .idle
            return
        }
    }
}
