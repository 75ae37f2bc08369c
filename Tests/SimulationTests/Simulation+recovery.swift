@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisClient
@testable import RedisSchema
@testable import Timing

/// The state of a process that recovers or backfills Redis, between two steps. Each step may be its last, or may run
/// after another process has taken over.
enum Recoverer {
    case idle
    case sealed(String, RecoveryWork)
    case backfilling(String, Pass, Backfill?)

    /// The server and the epoch that a process has inspected.
    struct Pass {
        var server: Int
        var epoch: String
    }

    /// The state of a recovery that has sealed the partition.
    struct RecoveryWork {
        var phase: PartitionState.Phase
        var server: Int
        var replication: Int
        var known: PartitionEpoch?
        /// A batch that is taken and not settled.
        var batch: Batch?
        /// The keys that are not deleted yet; nil before the first deletion.
        var keysToDelete: [String]?
        /// The epoch that the ledger has begun.
        var epoch: Int?
        var resumedFrom: String?
    }

    /// The backfill of one event.
    struct Backfill {
        var event: EventID
        var stamp: String
        var position: String
    }
}

/// Redis loses data, and several concurrent processes recover it with the plan, the tokens and the scripts of Recovery
/// and Backfiller. They can be interrupted at any step.
extension Simulation {
    /// Redis keeps its data, returns to an earlier copy, or is empty; on the same server or on another; while workers
    /// have batches and processes recover.
    func loseData() {
        let before = store
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            note("an operator requests a rebuild")
            epoch += 1
            pass = nil
        case 1:
            note("Redis is emptied")
            store = MemoryStore()
        case 2:
            note("Redis restarts empty")
            store = MemoryStore()
            server += 1
        case 3:
            note("Redis is restored from a copy")
            if let older { store = older }
            server += 1
        default:
            note("Redis restarts")
            server += 1
        }
        store.now = before.now
        older = nil
        if passServer != server { pass = nil }
        guard store != before else { return }
        // Some workers continue with their batches.
        workers = workers.map { chance(50) ? $0 : .idle }
        let kept = Set(entries.map(\.id)).union(letters.compactMap(\.order?.id)).union(ledger.rows.keys)
        hasLost = true
        accepted.removeAll { !kept.contains($0) }
        known.removeAll { !kept.contains($0) }
        byKey = byKey.filter { kept.contains($0.value) }
        finals = finals.filter { ledger.rows[$0.key]?.state == $0.value }
        forgetLostPlaces()
    }

    var seen: Int { ledger.events.values.map(\.leased).max() ?? 0 }
    private var knownPartition: PartitionEpoch? {
        epoch == 0
            ? nil
            : PartitionEpoch(
                epoch: epoch, server: guards.named(epochServer), replication: guards.named(history: epochReplication))
    }

    /// Whether a program knows that Redis differs from the ledger.
    var isRecovering: Bool {
        !isPassValid || redis("GET", Self.keys.epoch).string != pass
            || redis("HEXISTS", Self.keys.backfill, "complete").integer == 0
            || recoverers.contains { if case .idle = $0 { false } else { true } }
    }

    /// Runs one step of one process.
    func recover(_ index: Int) throws {
        guard !isLedgerAway else { return }
        if chance(interruptions) {
            note("all processes stall")
            store.now += Int(RecoveryTiming.lease.milliseconds)
        }
        if chance(interruptions) {
            note("recoverer \(index) dies")
            recoverers[index] = .idle
            return
        }
        if isPausing, case .sealed = recoverers[index], chance(4) { try failOverThereAndBack() }
        switch recoverers[index] {
        case .idle: recoverers[index] = try inspect()
        case .sealed(let token, let work): recoverers[index] = try work.server == server ? recover(token, work) : .idle
        case .backfilling(let token, let pass, let progress):
            guard pass.server == server else {
                recoverers[index] = .idle
                return
            }
            do {
                recoverers[index] = .backfilling(token, pass, progress)
                guard let next = try backfill(token, pass, progress) else {
                    recoverers[index] = .idle
                    return
                }
                recoverers[index] = .backfilling(token, pass, next.progress)
            } catch is Fenced {
                recoverers[index] = .idle
            }
        }
    }

    private func inspect() throws -> Recoverer {
        let seen = seen
        let state = try run(InspectScript())
        let found = RecoveryPlan.Found(
            server: guards.named(server), replication: guards.named(history: replication), epoch: state.epoch,
            leasesBegun: state.leasesBegun,
            resumedFrom: state.seal.flatMap { $0.phase == .resume ? $0.from : nil })
        let plan = RecoveryPlan(known: knownPartition, seen: seen, found: found)
        try check(plan, of: found)
        let token = makeToken()
        guard plan != .upToDate else {
            (pass, passServer, passReplication) = (state.epoch, server, replication)
            guard state.backfill.isDue, try current(HoldBackfillScript(token)) else {
                return .idle
            }
            note("\(token) backfills")
            return .backfilling(token, Recoverer.Pass(server: server, epoch: String(epoch)), nil)
        }
        pass = nil
        guard let sealing = plan.seal, let phase = try run(SealScript(token, found: state.epoch, plan: sealing)) else {
            return .idle
        }
        note("\(token) seals: \(plan), \(phase)")
        return .sealed(
            token,
            Recoverer.RecoveryWork(
                phase: phase, server: server, replication: replication, known: knownPartition,
                resumedFrom: plan == .resume ? found.resumedFrom : nil))
    }

    private func recover(_ token: String, _ work: Recoverer.RecoveryWork) throws -> Recoverer {
        var work = work
        if let batch = work.batch {
            let settlements = ledger.settle(batch.orders, lease: batch.number)
            guard try write(AcknowledgeScript(batch, settlements, fence: .epoch), token) else { return .idle }
            work.batch = nil
        } else if work.phase == .drain {
            guard let step = try drain(token) else { return .idle }
            if case .batch(let batch) = step { work.batch = batch } else { work.phase = .wipe }
        } else if work.phase == .wipe, work.keysToDelete?.isEmpty != true {
            guard hasSameData(work) else { return .idle }
            var keysToDelete = work.keysToDelete ?? keysToWipe()
            let part = Array(keysToDelete.prefix(6))
            keysToDelete.removeFirst(part.count)
            guard try write(WipeScript(token, deleting: part), token) else { return .idle }
            work.keysToDelete = keysToDelete
        } else if work.epoch == nil {
            if let known = work.known, let from = work.resumedFrom, from != String(known.epoch) {
                work.epoch = known.epoch
            } else {
                let next = (work.known?.epoch ?? 0) + 1
                guard epoch == next - 1 else { return .idle }
                (epoch, epochServer, epochReplication) = (next, work.server, work.replication)
                work.epoch = next
            }
        } else {
            let isRebuilt = work.phase != .resume
            guard !isRebuilt || hasSameData(work) else { return .idle }
            let open = OpenScript(token, epoch: work.epoch ?? 0, leasesSeen: seen, isRebuilt: isRebuilt)
            guard try write(open, token) else {
                return .idle
            }
            _ = waitForReplica(shortPercent: 0)
            wasRebuilt = wasRebuilt || isRebuilt && work.known != nil
            (pass, passServer, passReplication) = (String(work.epoch ?? 0), work.server, work.replication)
            note("\(token) opens \(work.epoch ?? 0)")
            return isRebuilt
                ? .backfilling(token, Recoverer.Pass(server: server, epoch: String(work.epoch ?? 0)), nil) : .idle
        }
        return .sealed(token, work)
    }

    /// Whether the server has the data that were compared. If it was replaced and promoted again, it can lack deletions.
    private func hasSameData(_ work: Recoverer.RecoveryWork) -> Bool {
        work.replication == replication || !guards.comparesInRebuild
    }

    private func keysToWipe() -> [String] {
        let last = WipeScript.deletedLast(Self.keys)
        let kept = WipeScript.kept(Self.keys).union(last)
        return store.values.keys.filter { !kept.contains($0) }.sorted() + last
    }

    private enum DrainStep {
        case batch(Batch)
        case nothingLeft
    }

    /// Takes the next batch for a sealed recovery.
    ///
    /// - Returns: nil if the seal is lost.
    private func drain(_ token: String) throws -> DrainStep? {
        let seal = SealScript.seal(token)
        guard redis("GET", Self.keys.epoch).string == seal else {
            // The process has not detected this yet and continues.
            try unchanged {
                do { _ = try self.run(self.take(self.makeToken()), epoch: seal) } catch is Fenced {}
            }
            return nil
        }
        if let letter = letters.first(where: { !requeued.contains($0.id) }) {
            requeued.insert(letter.id)
            guard case .hash(let hash) = store.values[Self.keys.deadLetters], let text = hash[letter.id] else {
                return nil
            }
            _ = try run(RequeueScript(letter, stored: Array(text.utf8), evenIfNotLoaded: true), epoch: seal)
        }
        if let token = redis("ZRANGE", Self.keys.orderedBatches, "0", "0").array?.first?.string
            ?? redis("ZRANGE", Self.keys.leases, "0", "0").array?.first?.string
        {
            _ = try run(RenewScript(token, lease: .zero, fence: .epoch), epoch: seal)
            let successors = (0..<ReclaimScript.pieceLimit).map { _ in makeToken() }
            let reclaim = ReclaimScript(token, successors: successors, lease: Self.lease)
            if let batch = try run(reclaim, epoch: seal)?.batch { return .batch(batch) }
        }
        let token = makeToken()
        if let batch = try run(take(token), epoch: seal) { return .batch(batch) }
        return redis("EXISTS", Self.keys.leases).integer == 0
            ? .nothingLeft : .batch(Batch(token: token, attempts: 1, entries: []))
    }

    private func take(_ token: String) -> TakeScript { TakeScript(token: token, limit: 5, lease: Self.lease) }

    // MARK: Backfill

    private struct Next {
        var progress: Recoverer.Backfill?
    }

    /// Runs one step of a backfill.
    ///
    /// - Returns: nil if the backfill has ended for this process.
    private func backfill(_ token: String, _ pass: Recoverer.Pass, _ progress: Recoverer.Backfill?) throws -> Next? {
        guard let progress else { return try begin(token, pass) }
        if progress.position == BackfillChunk.last { return Next(progress: try publish(progress, token, pass)) }
        let deadLettered = unpersistedDeadLetters(progress.event)
        let orders = ledger.ordersToBackfill(of: progress.event).filter { $0.id > progress.position }
        let part = orders.prefix(1)
        let isLast = part.count == orders.count
        let last = deadLettered.map { order in
            BackfillRow(customer: order.customer, units: order.state.holdsUnits ? order.quantity : 0, record: order)
        }
        let chunk = BackfillChunk(
            event: progress.event, generation: 1, stamp: progress.stamp, start: progress.position,
            end: isLast ? BackfillChunk.last : part.last?.id ?? "", rows: part.map(\.row) + (isLast ? last : []),
            countsHolds: ledger.events[progress.event]?.terms.countsHolders == true)
        let reply = try backfillWrite(BackfillScript(chunk, token: token, done: 0, total: 0), token, pass)
        note("\(token) backfills \(progress.event) up to \(chunk.end): \(reply)")
        // If the reply is lost, the chunk is sent again.
        if chance(interruptions) { return Next(progress: progress) }
        switch reply {
        case .written:
            var next = progress
            next.position = chunk.end
            return Next(progress: next)
        case .lost: return nil
        case .outOfStep, .alreadyPublished: return Next()
        }
    }

    /// Begins with a random missing event, or with a random event as if it was requested.
    private func begin(_ token: String, _ pass: Recoverer.Pass) throws -> Next? {
        let all = [Self.plain, Self.scarce]
        let missing = all.filter { redis("SISMEMBER", Self.keys.published, $0.description).integer == 0 }
        guard
            let id = chance(interruptions)
                ? all.randomElement(using: &generator) : missing.randomElement(using: &generator)
        else {
            let ended = try backfillWrite(EndBackfillScript(token, isComplete: true), token, pass)
            note("\(token) ends its backfill: \(ended)")
            return nil
        }
        let stamp = String(ledger.events[id]?.changes ?? 0)
        let state = BackfillState(redis("HMGET", Self.keys.backfill(id), "stamp", "at"))
        let position = state?.stamp == stamp && !chance(interruptions) ? state?.position ?? "" : ""
        return Next(progress: Recoverer.Backfill(event: id, stamp: stamp, position: position))
    }

    /// The dead-lettered orders of an event that are not in the ledger.
    private func unpersistedDeadLetters(_ id: EventID) -> [Order] {
        let orders = letters.compactMap(\.order).filter {
            $0.event == id && ($0.state.holdsUnits || $0.state == .waiting)
        }
        return Ledger.latest(of: orders).filter { ledger.rows[$0.id] == nil }
    }

    private func publish(
        _ progress: Recoverer.Backfill, _ token: String, _ pass: Recoverer.Pass
    ) throws -> Recoverer.Backfill? {
        guard let event = ledger.lock(progress.event) else { return nil }
        guard event.stamp == progress.stamp else { return nil }
        var counts = UnitCounts()
        for order in unpersistedDeadLetters(progress.event) { counts.count(order.state, order.quantity) }
        let isThere = redis("EXISTS", Self.keys.event(progress.event)).integer == 1
        let publication = EventPublication(
            event, backfill: .init(token: token, stamp: progress.stamp), unrecorded: counts,
            room: roomMarks(of: progress.event))
        let reply = try backfillWrite(PublishScript(publication), token, pass)
        note("\(token) publishes \(progress.event): \(reply)")
        if reply == .published, !isThere { try checkBackfilled(progress.event) }
        if reply == .published, progress.event == Self.plain { forgetPasses() }
        return nil
    }

    /// Checks that the backfilled data equals the ledger.
    private func checkBackfilled(_ id: EventID) throws {
        let deadLettered = unpersistedDeadLetters(id)
        let rows = ledger.rows.values.filter { $0.event == id } + deadLettered
        var counts: [String: String] = [:]
        for (customer, orders) in Dictionary(grouping: rows.filter(\.state.holdsUnits), by: { $0.customer ?? "" }) {
            counts[customer] = String(orders.reduce(0) { $0 + $1.quantity })
        }
        var found: [String: String] = [:]
        if case .hash(let hash) = store.values[Self.keys.customers(id)] { found = hash }
        if found != counts { throw fail("\(id) was backfilled with customers \(found), not \(counts)") }
        let held = Set(rows.filter { $0.state == .held }.map(\.id.description))
        var holds: Set<String> = []
        if case .sorted(let set) = store.values[Self.keys.holds(id)] { holds = Set(set.keys) }
        if holds != held { throw fail("\(id) was backfilled with holds \(holds), not \(held)") }
        for order in rows where order.state == .held || order.id.isMadeFromKey {
            let record = redis("GET", Self.keys.order(order.id)).string.flatMap(OrderCodec.decode)
            // It can go early again, as soon as it is there.
            guard !isForgotten(order.id) else { continue }
            if record?.id != order.id || record?.state != order.state { throw fail("\(order.id) has no record") }
        }
    }

    /// Whether the order's record went early, so that a repetition of its purchase finds it in the ledger.
    private func isForgotten(_ id: OrderID) -> Bool {
        guard case .hash(let hash) = store.values[Self.keys.forgotten] else { return false }
        return hash.values.contains { $0.contains(id.description) }
    }

    // MARK: Writing

    /// Runs a script of a sealed recovery. If another process has sealed the partition since, the script must change
    /// nothing.
    ///
    /// - Returns: whether the script was executed.
    private func write(_ script: some PartitionScript<Bool>, _ token: String) throws -> Bool {
        let seal = SealScript.seal(token)
        func send() throws -> Bool {
            do { return try run(script, epoch: seal) } catch is Fenced { return false }
        }
        guard redis("GET", Self.keys.epoch).string == seal else {
            try unchanged {
                guard try !send() else { throw self.fail("\(token) wrote after it was superseded") }
            }
            return false
        }
        return try send()
    }

    private func backfillWrite<Script: PartitionScript>(
        _ script: Script, _ token: String, _ pass: Recoverer.Pass
    ) throws -> Script.Reply {
        let isHolder = redis("HGET", Self.keys.backfill, "token").string == token
        guard !isHolder || redis("GET", Self.keys.epoch).string != pass.epoch else {
            return try run(script, epoch: pass.epoch)
        }
        var reply: Script.Reply?
        try unchanged { reply = try run(script, epoch: pass.epoch) }
        guard let reply else { throw Fenced() }
        if let outcome = reply as? PublicationOutcome, outcome == .published {
            throw fail("\(token) published after it was superseded")
        }
        return reply
    }

    private func unchanged(_ body: () throws -> Void) throws {
        let before = store
        do { try body() } catch let error as Fenced {
            guard store == before else { throw fail("a refused call changed data") }
            throw error
        }
        guard store == before else { throw fail("a superseded process changed data") }
    }

    /// Runs recoveries until the partition is open and all events are backfilled.
    func recoverAll() throws {
        interruptions = 0
        defer { interruptions = Self.interruptionPercent }
        for _ in 0..<600 {
            let state = try run(InspectScript())
            if isPassValid, pass == state.epoch, state.epoch == String(epoch), isServerOfLedger,
                !state.backfill.isDue
            {
                return
            }
            for index in recoverers.indices { try recover(index) }
            store.now += 100
        }
        throw fail("the partition does not recover")
    }
}
