@testable import Engine
@testable import RedisSchema

/// Workers. Each step may be the last, or a long time may pass until the next.
extension Simulation {
    func work(_ index: Int) throws {
        if chance(6) {
            note("worker \(index) dies")
            workers[index] = .idle
            return
        }
        switch workers[index] {
        case .idle:
            let token = makeToken()
            let take = TakeScript(token: token, limit: Int.random(in: 1...5, using: &generator), lease: Self.lease)
            guard let batch = try current(take) else { return }
            note("worker \(index) takes \(token): \(batch.orders.map { "\($0.id) \($0.state) \($0.version)" })")
            tokens.append(token)
            let isShort = waitForTake()
            // If the reply is lost, no worker knows the token.
            workers[index] = chance(5) ? .idle : .holding(batch)
            if isShort, isPausing { try promote(pausing: true) }
        case .holding(let batch):
            if !isLedgerAway { try settle(index, batch) }
        case .settled(let batch, let settlements):
            let before = store
            let holds = hasLease(batch.token)
            let isDone = try run(AcknowledgeScript(batch, settlements, fence: .none))
            note("worker \(index) acknowledges \(batch.token): \(isDone)")
            if !holds, isDone || store != before { throw fail("a lost token acknowledged \(batch.token)") }
            if holds, !isDone { throw fail("\(batch.token) could not be acknowledged") }
            // If the reply is lost, the worker acknowledges again.
            if !chance(5) { workers[index] = .idle }
        }
    }

    /// A worker goes on if the wait was too short.
    private func waitForTake() -> Bool {
        let isShort = guards.waitsForTakes && !waitForReplica(shortPercent: shortTakePercent)
        if isShort { mayBeRebuilt = true }
        return isShort
    }

    private func settle(_ index: Int, _ batch: Batch) throws {
        if batch.waitsForTurn {
            let first = redis("ZRANGE", Self.keys.orderedBatches, "0", "0").array?.first?.string
            guard first == nil || first == batch.token else {
                let renewal = RenewScript(batch.token, lease: chance(30) ? .zero : Self.lease, fence: .none)
                note("worker \(index) waits with \(batch.token) behind \(first ?? "")")
                if try !run(renewal) { workers[index] = .idle }
                return
            }
        }
        // If the event was backfilled without the batch, production reconciles the event. This is not modelled.
        let isLate =
            !hasLease(batch.token)
            && batch.orders.contains { redis("SISMEMBER", Self.keys.published, $0.event.description).integer == 1 }
        guard !isLate || !hasLost else {
            workers[index] = .idle
            return
        }
        let settlements = ledger.settle(batch.orders, lease: batch.number)
        note("worker \(index) settles \(batch.token): \(settlements)")
        for case .rejected in settlements where !hasLost { throw fail("the ledger rejected an order") }
        // If the reply to COMMIT is lost, the worker settles again.
        if !chance(5) { workers[index] = .settled(batch, settlements) }
    }

    func hasLease(_ token: String) -> Bool { redis("ZSCORE", Self.keys.leases, token) != .null }

    /// - Parameter finishing: whether to settle and acknowledge the batch immediately, as the maintenance of a worker
    ///   does.
    func takeOver(finishing: Bool = false) throws {
        let expired = try run(ExpiredScript(limit: 4))
        guard let token = expired.randomElement(using: &generator) else { return }
        let successors = (0..<ReclaimScript.pieceLimit).map { _ in makeToken() }
        let reclaim = try current(ReclaimScript(token, successors: successors, lease: Self.lease))
        note("reclaim \(token): \(reclaim.map { "\($0)" } ?? "nothing")")
        guard let batch = reclaim?.batch else { return }
        tokens.append(batch.token)
        _ = waitForTake()
        if finishing {
            let first = redis("ZRANGE", Self.keys.orderedBatches, "0", "0").array?.first?.string
            guard batch.waitsForTurn, let first, first != batch.token else { return try finish(batch) }
            _ = try run(RenewScript(batch.token, lease: .zero, fence: .none))
        } else if let index = workers.firstIndex(where: { if case .idle = $0 { true } else { false } }), !chance(10) {
            workers[index] = .holding(batch)
        }
    }

    private func finish(_ batch: Batch) throws {
        let settlements = ledger.settle(batch.orders, lease: batch.number)
        guard try run(AcknowledgeScript(batch, settlements, fence: .none)) else { throw fail("not acknowledged") }
    }

    func requeue(_ letter: DeadLetter) throws {
        guard case .hash(let hash) = store.values[Self.keys.deadLetters], let text = hash[letter.id] else { return }
        let code = try current(RequeueScript(letter, stored: Array(text.utf8), evenIfNotLoaded: false))
        let isThere = redis("EXISTS", Self.keys.event(letter.order?.event ?? Self.plain)).integer == 1
        guard code == (isThere ? .requeued : .eventNotLoaded) else {
            throw fail("\(letter.id) was not requeued: \(code)")
        }
    }

    /// A worker that was paused continues with its old token.
    func useStaleToken() throws {
        guard let token = tokens.randomElement(using: &generator), !hasLease(token) else { return }
        let before = store
        let batch = Batch(token: token, attempts: 1, entries: [])
        let scripts: [any PartitionScript<Bool>] = [
            RenewScript(token, lease: Self.lease, fence: .none), RenewScript(token, lease: .zero, fence: .none),
            AcknowledgeScript(batch, [], fence: .none),
        ]
        for script in scripts {
            guard try !run(script), store == before else { throw fail("a stale token \(token) was accepted") }
        }
    }
}
