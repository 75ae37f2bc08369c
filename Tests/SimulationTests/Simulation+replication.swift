@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema

/// Failovers: a replica is promoted with any prefix of the primary's writes that it can have. What was acknowledged after a wait
/// stays, and nothing has to be rebuilt.
extension Simulation {
    /// Connections of programs: two that claim and change orders, and one of the workers.
    static let connections = 2

    var isPausing: Bool { seed % 16 == 6 }
    var isMoving: Bool { seed % 16 == 14 }
    var isReplicated: Bool { seed % 8 == 5 || isPausing || isMoving }

    /// Batches with a short wait are rare. Some runs have none, so that none of their failovers may cost a rebuild.
    var shortTakePercent: Int { isEnding ? 0 : isPausing ? (seed % 32 == 6 ? 15 : 0) : 2 }

    func noteWrite() {
        replica?.write(store, by: connection)
        move?.stream?.write(store, by: connection)
    }

    /// Whether the replica confirmed the writes of the connection. If not, the caller does not know whether the replica has them.
    /// Nobody waits if no replica is connected.
    func waitForReplica(shortPercent: Int = 15) -> Bool {
        guard isReplicated else { return true }
        let waiting = guards.waitsOnItsConnection ? connection : (connection + 1) % Self.connections
        // The replica of a paused primary has gone: it has the writes of connections that have written nothing since.
        guard !isOnPausedPrimary else { return waiting != connection }
        guard !chance(shortPercent) else { return false }
        replica?.confirm(waiting)
        return true
    }

    /// - Parameter isPaused: whether the primary is only paused. It continues later, and becomes the replica.
    func promote(pausing isPaused: Bool = false) throws {
        guard let index = replica?.states.indices.randomElement(using: &generator), let replica else { return }
        // Keys that went to another server are on neither replica's stream as one prefix: this is not modelled.
        guard move?.moved == nil else { return }
        let isLossy = replica.isBeforeMove(index)
        note(
            "the replica is promoted, \(index) of \(replica.states.count - 1) writes\(isPaused ? ", after a pause" : "")"
        )
        var promoted = replica.states[index]
        promoted.now = store.now
        settleBatches(lackedBy: promoted)
        paused = isPaused ? PausedPrimary(store: store, epoch: isPassValid ? pass : nil) : nil
        self.replica = isPaused ? nil : ReplicaModel(of: promoted)
        (store, move) = (promoted, nil)
        (server, replicaServer) = (replicaServer, isPaused ? server : makeServer())
        replication = makeServer()
        isStalled = isPausing && chance(50)
        if isPaused { isLedgerAway = chance(60) }
        try forgetLost(isLossy: isLossy)
    }

    /// A commit takes less time than a failover: the workers whose batches the promoted server lacks have written them
    /// before, or have died.
    private func settleBatches(lackedBy promoted: MemoryStore) {
        var promoted = promoted
        for (index, worker) in workers.enumerated() {
            guard case .holding(let batch) = worker,
                promoted.run(["ZSCORE", Self.keys.leases, batch.token]) == .null
            else { continue }
            let first = redis("ZRANGE", Self.keys.orderedBatches, "0", "0").array?.first?.string
            let isTurn = !batch.waitsForTurn || first == nil || first == batch.token
            guard !isLedgerAway, isTurn, hasLease(batch.token), chance(70) else {
                workers[index] = .idle
                continue
            }
            let settlements = ledger.settle(batch.orders, lease: batch.number)
            note("worker \(index) has settled \(batch.token): \(settlements)")
            workers[index] = .settled(batch, settlements)
        }
    }

    /// Forgets what the server lacks, and checks that nothing of it was acknowledged.
    ///
    /// - Parameter isLossy: whether the fault is one after which acknowledged orders can be lost.
    func forgetLost(isLossy: Bool = false) throws {
        let kept = Set(entries.map(\.id)).union(letters.compactMap(\.order?.id)).union(ledger.rows.keys)
        if isLossy {
            mayBeRebuilt = true
            accepted.removeAll { !kept.contains($0) }
            acknowledgedFinals = acknowledgedFinals.filter { find($0.key)?.state == $0.value }
        }
        for id in accepted where !kept.contains(id) { throw fail("\(id) was acknowledged and is lost") }
        for (id, state) in acknowledgedFinals where find(id)?.state != state {
            throw fail("\(id) was acknowledged as \(state) and is \(find(id).map { "\($0.state)" } ?? "nothing")")
        }
        known.removeAll { !kept.contains($0) }
        byKey = byKey.filter { kept.contains($0.value) }
        finals = finals.filter { ledger.rows[$0.key]?.state == $0.value }.merging(acknowledgedFinals) { $1 }
    }

    /// Checks the plan of a recovery. A failover while the partition is opened in a new epoch may cost a rebuild; a worker that
    /// wrote a batch before the replica had its lease must not.
    func check(_ plan: RecoveryPlan, of found: RecoveryPlan.Found) throws {
        guard isReplicated, lastServer > 2, plan == .rebuild, found.epoch == String(epoch), !mayBeRebuilt else {
            return
        }
        throw fail("a promoted replica is rebuilt")
    }

    /// Ends the faults that are under way.
    func endFaults() throws {
        (isEnding, isLedgerAway, isStalled) = (true, false, false)
        if paused != nil { try endPause() }
        if move != nil { finishMove() }
    }
}
