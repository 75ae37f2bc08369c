@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisClient
@testable import RedisSchema
@testable import Timing

/// A process that recovers Redis, or fills it, between two of its steps. Each step may be its last, or come long after
/// another process has overtaken it.
enum Recoverer {
    case idle
    case sealed(String, RecoveryWork)
    case filling(String, Pass, Filling?)

    /// What a process goes by until it looks again.
    struct Pass {
        var server: Int
        var epoch: String
    }

    /// What a sealed recovery goes by.
    struct RecoveryWork {
        var phase: PartitionState.Phase
        var server: Int
        var known: PartitionEpoch?
        /// A batch that was taken and is not settled.
        var batch: Batch?
        /// Keys that are still to be deleted; nil before the first are.
        var doomed: [String]?
        /// The epoch that the ledger has begun.
        var epoch: Int?
        var resumedFrom: String?
    }

    /// The filling of one event.
    struct Filling {
        var event: EventID
        var stamp: String
        var place: String
    }
}

/// Redis loses something, and is put right as Recovery and Backfiller do it, with the same plan, the same token and the same
/// scripts, by several processes at once that are interrupted at any step.
extension Simulation {
    /// Redis as it is now, as it was a while ago, or nothing; on the same server or on another; under workers that have
    /// batches in hand and processes that recover.
    func lose() {
        let before = store
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            note("an operator has it rebuilt")
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
            note("Redis is as it was")
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
        // Some commit what they have in hand all the same.
        workers = workers.map { chance(50) ? $0 : .idle }
        let kept = Set(entries.map(\.id)).union(letters.compactMap(\.order?.id)).union(ledger.rows.keys)
        hasLost = true
        accepted.removeAll { !kept.contains($0) }
        known.removeAll { !kept.contains($0) }
        byKey = byKey.filter { kept.contains($0.value) }
        finals = finals.filter { ledger.rows[$0.key]?.state == $0.value }
    }

    private var seen: Int { ledger.events.values.map(\.leased).max() ?? 0 }
    private var knownPartition: PartitionEpoch? {
        epoch == 0 ? nil : PartitionEpoch(epoch: epoch, server: "\(epochServer)")
    }

    /// Whether something is not as the ledger has it, as far as the programs know.
    var isRecovering: Bool {
        pass == nil || passServer != server || redis("GET", Self.keys.epoch).string != pass
            || redis("HEXISTS", Self.keys.backfill, "complete").integer == 0
            || recoverers.contains { if case .idle = $0 { false } else { true } }
    }

    /// One step of one process.
    func recover(_ place: Int) throws {
        if chance(interruptions) {
            note("all stall")
            store.now += Int(RecoveryTiming.lease.milliseconds)
        }
        if chance(interruptions) {
            note("recoverer \(place) dies")
            recoverers[place] = .idle
            return
        }
        switch recoverers[place] {
        case .idle: recoverers[place] = try look()
        case .sealed(let token, let work): recoverers[place] = try work.server == server ? recover(token, work) : .idle
        case .filling(let token, let pass, let filling):
            guard pass.server == server else {
                recoverers[place] = .idle
                return
            }
            do {
                recoverers[place] = .filling(token, pass, filling)
                guard let next = try backfill(token, pass, filling) else {
                    recoverers[place] = .idle
                    return
                }
                recoverers[place] = .filling(token, pass, next.filling)
            } catch is Fenced {
                recoverers[place] = .idle
            }
        }
    }

    private func look() throws -> Recoverer {
        let seen = seen
        let state = try run(InspectScript())
        let found = RecoveryPlan.Found(
            server: "\(server)", epoch: state.epoch, leasesBegun: state.leasesBegun,
            resumedFrom: state.seal.flatMap { $0.phase == .resume ? $0.from : nil })
        let plan = RecoveryPlan(known: knownPartition, seen: seen, found: found)
        let token = makeToken()
        guard plan != .upToDate else {
            (pass, passServer) = (state.epoch, server)
            guard state.backfill.isDue, try current(HoldBackfillScript(token)) else {
                return .idle
            }
            note("\(token) fills")
            return .filling(token, Recoverer.Pass(server: server, epoch: String(epoch)), nil)
        }
        pass = nil
        guard let sealing = plan.seal, let phase = try run(SealScript(token, found: state.epoch, plan: sealing)) else {
            return .idle
        }
        note("\(token) seals: \(plan), \(phase)")
        return .sealed(
            token,
            Recoverer.RecoveryWork(
                phase: phase, server: server, known: knownPartition,
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
        } else if work.phase == .wipe, work.doomed?.isEmpty != true {
            var doomed = work.doomed ?? store.values.keys.filter { !WipeScript.kept(Self.keys).contains($0) }.sorted()
            let part = Array(doomed.prefix(4))
            doomed.removeFirst(part.count)
            guard try write(WipeScript(token, deleting: part), token) else { return .idle }
            work.doomed = doomed
        } else if work.epoch == nil {
            if let known = work.known, let from = work.resumedFrom, from != String(known.epoch) {
                work.epoch = known.epoch
            } else {
                let next = (work.known?.epoch ?? 0) + 1
                guard epoch == next - 1 else { return .idle }
                (epoch, epochServer) = (next, server)
                work.epoch = next
            }
        } else {
            let isRebuilt = work.phase != .resume
            let open = OpenScript(token, epoch: work.epoch ?? 0, leasesSeen: seen, isRebuilt: isRebuilt)
            guard try write(open, token) else {
                return .idle
            }
            (pass, passServer) = (String(work.epoch ?? 0), server)
            note("\(token) opens \(work.epoch ?? 0)")
            return isRebuilt
                ? .filling(token, Recoverer.Pass(server: server, epoch: String(work.epoch ?? 0)), nil) : .idle
        }
        return .sealed(token, work)
    }

    private enum DrainStep {
        case batch(Batch)
        case nothingLeft
    }

    /// Nil if the seal is lost.
    private func drain(_ token: String) throws -> DrainStep? {
        let seal = SealScript.seal(token)
        guard redis("GET", Self.keys.epoch).string == seal else {
            // It does not know yet, and goes on.
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

    // MARK: Filling

    private struct Next {
        var filling: Recoverer.Filling?
    }

    /// Nil where the filling is over for this process.
    private func backfill(_ token: String, _ pass: Recoverer.Pass, _ filling: Recoverer.Filling?) throws -> Next? {
        guard let filling else { return try begin(token, pass) }
        if filling.place == BackfillChunk.last { return Next(filling: try publish(filling, token, pass)) }
        let strays = stranded(filling.event)
        let orders = ledger.ordersToBackfill(of: filling.event).filter { $0.id > filling.place }
        let part = orders.prefix(1)
        let isLast = part.count == orders.count
        let last = strays.map { BackfillRow(customer: $0.customer, units: $0.quantity, record: $0) }
        let page = BackfillChunk(
            event: filling.event, generation: 1, stamp: filling.stamp, start: filling.place,
            end: isLast ? BackfillChunk.last : part.last?.id ?? "", rows: part.map(\.row) + (isLast ? last : []))
        let answer = try fillWrite(BackfillScript(page, token: token, done: 0, total: 0), token, pass)
        note("\(token) fills \(filling.event) up to \(page.end): \(answer)")
        // Where the answer is lost, it is sent again.
        if chance(interruptions) { return Next(filling: filling) }
        switch answer {
        case .written:
            var next = filling
            next.place = page.end
            return Next(filling: next)
        case .lost: return nil
        case .outOfStep, .alreadyPublished: return Next()
        }
    }

    /// The next event that is missing, or one that somebody asked for, whatever has become of it since.
    private func begin(_ token: String, _ pass: Recoverer.Pass) throws -> Next? {
        let all = [Self.plain, Self.scarce]
        let missing = all.filter { redis("SISMEMBER", Self.keys.published, $0.description).integer == 0 }
        guard
            let id = chance(interruptions)
                ? all.randomElement(using: &generator) : missing.randomElement(using: &generator)
        else {
            let ended = try fillWrite(EndBackfillScript(token, isComplete: true), token, pass)
            note("\(token) ends its filling: \(ended)")
            return nil
        }
        let stamp = String(ledger.events[id]?.changes ?? 0)
        let state = BackfillState(redis("HMGET", Self.keys.backfill(id), "stamp", "at"))
        let place = state?.stamp == stamp && !chance(interruptions) ? state?.position ?? "" : ""
        return Next(filling: Recoverer.Filling(event: id, stamp: stamp, place: place))
    }

    /// Set aside, and not in the ledger.
    private func stranded(_ id: EventID) -> [Order] {
        let orders = letters.compactMap(\.order).filter { $0.event == id && $0.state.holdsUnits }
        return Ledger.latest(of: orders).filter { ledger.rows[$0.id] == nil }
    }

    private func publish(
        _ filling: Recoverer.Filling, _ token: String, _ pass: Recoverer.Pass
    ) throws -> Recoverer.Filling? {
        guard let event = ledger.lock(filling.event) else { return nil }
        guard event.stamp == filling.stamp else { return nil }
        var counts = UnitCounts()
        for order in stranded(filling.event) { counts.count(order.state, order.quantity) }
        let isThere = redis("EXISTS", Self.keys.event(filling.event)).integer == 1
        let publication = EventPublication(
            event, backfill: .init(token: token, stamp: filling.stamp), unrecorded: counts)
        let answer = try fillWrite(PublishScript(publication), token, pass)
        note("\(token) publishes \(filling.event): \(answer)")
        if answer == .published, !isThere { try checkFilled(filling.event) }
        return nil
    }

    /// What was filled in is exactly the ledger's.
    private func checkFilled(_ id: EventID) throws {
        let strays = stranded(id)
        let rows = ledger.rows.values.filter { $0.event == id } + strays
        var counts: [String: String] = [:]
        for (customer, orders) in Dictionary(grouping: rows.filter(\.state.holdsUnits), by: { $0.customer ?? "" }) {
            counts[customer] = String(orders.reduce(0) { $0 + $1.quantity })
        }
        var found: [String: String] = [:]
        if case .hash(let hash) = store.values[Self.keys.customers(id)] { found = hash }
        if found != counts { throw fail("\(id) was filled with customers \(found), not \(counts)") }
        let held = Set(rows.filter { $0.state == .held }.map(\.id.description))
        var holds: Set<String> = []
        if case .sorted(let set) = store.values[Self.keys.holds(id)] { holds = Set(set.keys) }
        if holds != held { throw fail("\(id) was filled with holds \(holds), not \(held)") }
        for order in rows where order.state == .held || order.id.isMadeFromKey {
            let record = redis("GET", Self.keys.order(order.id)).string.flatMap(OrderCodec.decode)
            if record?.id != order.id || record?.state != order.state { throw fail("\(order.id) has no record") }
        }
    }

    // MARK: Writing

    /// Whether it was done. Where another has sealed the partition since, it must change nothing at all.
    private func write(_ script: some PartitionScript<Bool>, _ token: String) throws -> Bool {
        let seal = SealScript.seal(token)
        func send() throws -> Bool {
            do { return try run(script, epoch: seal) } catch is Fenced { return false }
        }
        guard redis("GET", Self.keys.epoch).string == seal else {
            try unchanged {
                guard try !send() else { throw self.fail("\(token) was overtaken, and wrote") }
            }
            return false
        }
        return try send()
    }

    private func fillWrite<Script: PartitionScript>(
        _ script: Script, _ token: String, _ pass: Recoverer.Pass
    ) throws -> Script.Reply {
        let isHolder = redis("HGET", Self.keys.backfill, "token").string == token
        guard !isHolder || redis("GET", Self.keys.epoch).string != pass.epoch else {
            return try run(script, epoch: pass.epoch)
        }
        var answer: Script.Reply?
        try unchanged { answer = try run(script, epoch: pass.epoch) }
        guard let answer else { throw Fenced() }
        if let outcome = answer as? PublicationOutcome, outcome == .published {
            throw fail("\(token) was overtaken, and published")
        }
        return answer
    }

    private func unchanged(_ body: () throws -> Void) throws {
        let before = store
        do { try body() } catch let error as Fenced {
            guard store == before else { throw fail("a call that was refused changed something") }
            throw error
        }
        guard store == before else { throw fail("who was overtaken changed something") }
    }

    /// Goes on until Redis may be used and all is filled in.
    func recoverAll() throws {
        interruptions = 0
        defer { interruptions = Self.interruptionPercent }
        for _ in 0..<600 {
            let state = try run(InspectScript())
            if pass != nil, pass == state.epoch, state.epoch == String(epoch), passServer == server,
                epochServer == server, !state.backfill.isDue
            {
                return
            }
            for place in recoverers.indices { try recover(place) }
            store.now += 100
        }
        throw fail("it does not recover")
    }
}
