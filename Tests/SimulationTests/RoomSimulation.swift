import TestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema

/// One interleaving of a waiting room: joins, purchases, two workers that forget, die between the ledger and Redis or send old marks,
/// a clock, and losses of all of Redis. Every step runs the real scripts.
final class RoomSimulation {
    private static let keys = Keyspace(partition: 0)
    private static let opensAt = 1_800_000_005_000
    private let rate: Int
    private let terms: EventTerms

    private let seed: UInt64
    private let interpreter: LuaInterpreter
    /// Scripts that replace the real ones, by name.
    var mutants: [String: RedisScript] = [:]
    private var generator: SeededGenerator
    private var store = MemoryStore()
    /// What the ledger has.
    private var ledger = RoomMarks(event: .demo, generation: 1)
    /// What each worker knows of the ledger.
    private var memories: [RoomMarks?] = [nil, nil]
    /// What each worker knows of the replicas.
    private var replicated: [[EventID: AdmitScript.Replicated]] = [[:], [:]]
    private var shown = 0
    private var given: Set<Int> = []
    private var byName: [String: Int] = [:]
    private var revision = 1
    /// The draw that somebody can have seen.
    private var draw: RoomDraw?
    private var admitted = 0
    /// The times and the ranks of the first and the last admission since the last loss.
    private var begun: (time: Int, rank: Int)?
    /// The admissions after the step before.
    private var ticks: [RoomTick] = []
    /// The numbers above the first one, up to the second one.
    private var uncertain = 0..<0
    private var trace: [String] = []

    init(seed: UInt64, interpreter: LuaInterpreter) {
        self.seed = seed
        self.interpreter = interpreter
        generator = SeededGenerator(seed: seed)
        // With the higher one, the mark of the admissions is beyond that of the numbers at first.
        rate = seed % 3 == 1 ? 200 : 20
        terms = EventTerms(
            name: "r", capacity: 1000, admissionRate: rate, passSeconds: 10,
            opensAt: Timestamp(milliseconds: Int64(Self.opensAt)))
    }

    func run(steps: Int) throws {
        try publish()
        for _ in 0..<steps {
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<35: try join()
            case 35..<65: try round(Int.random(in: 0..<memories.count, using: &generator))
            case 65..<75: try buy()
            case 75..<77 where !keepsMarks: try lose()
            case 77..<80: memories[Int.random(in: 0..<memories.count, using: &generator)] = nil
            default: store.now += Int.random(in: chance(15) ? 1000...4000 : 1...400, using: &generator)
            }
            try check()
        }
    }

    private func call<Script: PartitionScript>(_ script: Script) throws -> Script.Reply {
        let call = script.call(in: Self.keys, epoch: script.fence == .epoch ? "1" : nil)
        let (keys, arguments) = try Simulation.parts(call)
        let reply = try interpreter.run(mutants[call.script.name] ?? call.script, keys: keys, arguments: arguments) {
            [self] in store.run($0)
        }
        if case .error(let text) = reply { throw fail("\(call.script.name): \(text)") }
        return try script.decode(reply)
    }

    private func fail(_ text: String) -> Violation { Violation(seed: seed, text: text, trace: trace) }

    private func publish() throws {
        _ = store.run(["SET", Self.keys.epoch, "1"])
        let publication = EventPublication(
            id: .demo, terms: terms, generation: 1, counts: UnitCounts(), revision: revision, isNew: true,
            room: ledger)
        revision += 1
        guard try call(PublishScript(publication)) == .published else { throw fail("not published") }
    }

    private func lose() throws {
        trace.append("loss, marks \(ledger)")
        store.values = [:]
        byName = [:]
        begun = nil
        let valid = ticks.filter { Int($0.end.milliseconds) > store.now }
        let most = ticks.last.map { $0.to } ?? 0
        ticks = []
        uncertain = ledger.numbersGiven..<ledger.numbersUntil
        try publish()
        let present = presentTicks()
        for tick in valid where !present.contains(where: { $0.from <= tick.from && tick.to <= $0.to }) {
            throw fail("the passes of \(tick) were valid, and now there are \(present)")
        }
        let (last, admitted) = (counter("last"), counter("admitted"))
        guard admitted >= most, admitted <= last else { throw fail("\(admitted) of \(last) are admitted") }
    }

    private func join() throws {
        let names = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
            Bool.random(using: &generator) ? "n\(Int.random(in: 0..<50, using: &generator))" : nil
        }
        let outcomes = try call(JoinScript(names.map { JoinRequest(event: .demo, name: $0) }, queueLimit: 0))
        for (name, outcome) in zip(names, outcomes) {
            trace.append("join \(name ?? "-"): \(outcome)")
            guard case .joined(let number, _, let isReplay) = outcome else { continue }
            if let name, let known = byName[name], !isReplay || known != number {
                throw fail("\(name) has \(known) and \(number)")
            }
            if let name { byName[name] = number }
            guard !isReplay else { continue }
            guard given.insert(number).inserted else { throw fail("the number \(number) was given twice") }
        }
    }

    private func round(_ worker: Int) throws {
        let before = store.now
        let known = memories[worker] ?? RoomMarks(event: .demo, generation: 0)
        let counters = try call(AdmitScript([known], replicated: replicated[worker]))
        guard let room = counters[0] else { throw fail("the room is missing") }
        // The replicas do not always answer in time.
        if !chance(10) { replicated[worker][.demo] = AdmitScript.Replicated(room) }
        guard room.shown <= room.admitted, room.shown >= shown else { throw fail("\(shown) were shown, and \(room)") }
        shown = room.shown
        trace.append("round \(worker) at \(before % 1_000_000): \(room)")
        if room.isDrawSaved { try see(room.marks.draw) }
        guard room.admitted >= admitted else { throw fail("\(admitted) were admitted, and now \(room.admitted)") }
        if room.admitted > admitted, begun == nil { begun = (store.now, room.admitted) }
        admitted = room.admitted
        let saved = memories[worker]?.endedUntil ?? 0
        guard let wanted = room.wantedMarks(joined: Int.random(in: 0...50, using: &generator), endedUntil: saved) else {
            return
        }
        // In some runs the ledger takes nothing after the draw, so that a mark is reached.
        if keepsMarks, ledger.draw != nil { return memories[worker] = ledger }
        if chance(10) { return memories[worker] = nil }  // It dies before the ledger has the marks.
        try raise(wanted)
        memories[worker] = chance(10) ? nil : ledger  // Or after that.
    }

    private var keepsMarks: Bool { seed % 4 == 0 }

    private func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    /// As room_mark.sql.
    private func raise(_ marks: RoomMarks) throws {
        let hadTurns = admitted >= marks.draw?.lobby ?? .max ? admitted : 0
        if let number = given.firstMissing(after: hadTurns), number <= marks.numbersGiven {
            throw fail("\(number) belongs to nobody, and \(marks)")
        }
        ledger.numbersUntil = max(ledger.numbersUntil, marks.numbersUntil)
        ledger.admittedUntil = max(ledger.admittedUntil, marks.admittedUntil)
        ledger.endedUntil = max(ledger.endedUntil, marks.endedUntil)
        ledger.numbersGiven = max(ledger.numbersGiven, marks.numbersGiven)
        if ledger.draw == nil { ledger.draw = marks.draw }
    }

    private func see(_ new: RoomDraw?) throws {
        if let draw, draw != new { throw fail("the lobby was drawn twice: \(draw), \(String(describing: new))") }
        draw = new
    }

    /// Buys with the pass of some admitted rank.
    private func buy() throws {
        guard case .list(let ticks) = store.values[Self.keys.ticks(.demo)],
            let tick = ticks.randomElement(using: &generator).flatMap({ RoomTick($0) })
        else { return }
        let rank = Int.random(in: (tick.from + 1)...tick.to, using: &generator)
        revision += 1
        var purchase = Purchase(
            id: OrderID(milliseconds: UInt64(store.now), partition: 0, random: UInt64(revision) << 20), event: .demo,
            quantity: Int.random(in: 1...10, using: &generator))
        purchase.pass = AdmissionPass(number: rank, generation: 1, end: tick.end)
        let before = number(in: Self.keys.passes(.demo), field: String(rank))
        let outcome = try call(ClaimScript([purchase], queueLimit: 1_000_000))[0]
        trace.append("buy \(purchase.quantity) with \(rank): \(outcome)")
        switch outcome {
        case .accepted:
            guard before + purchase.quantity <= terms.maxQuantity else { throw fail("the pass bought too much") }
            guard Int(tick.end.milliseconds) > store.now else { throw fail("the pass had ended") }
            // The ledger has the order at once, so that admission does not wait for it.
            _ = store.run(["DEL", Self.keys.queue])
        case .refused(.passExpired), .refused(.passUsed), .refused(.soldOut), .refused(.insufficientStock): break
        default: throw fail("an unexpected outcome: \(outcome)")
        }
    }

    private func number(in key: String, field: String) -> Int {
        store.run(["HGET", key, field]).integer.map { Int($0) } ?? 0
    }

    private func counter(_ field: String) -> Int { number(in: Self.keys.room(.demo), field: field) }

    private func presentTicks() -> [RoomTick] {
        guard case .list(let texts) = store.values[Self.keys.ticks(.demo)] else { return [] }
        return texts.compactMap { RoomTick($0) }
    }

    private func check() throws {
        guard counter("last") <= ledger.numbersUntil else { throw fail("Redis is beyond the ledger's numbers") }
        guard counter("admitted") <= ledger.admittedUntil else { throw fail("Redis is beyond the ledger's admissions") }
        if counter("admitted") > 0, ledger.draw == nil { throw fail("somebody was admitted before the draw") }
        if let begun {
            let due = (store.now - begun.time) * rate / 1000
            guard counter("admitted") - begun.rank <= due + 1 else { throw fail("more than the rate was admitted") }
        }
        let present = presentTicks()
        guard ticks.allSatisfy({ Int($0.end.milliseconds) <= store.now || present.contains($0) }) else {
            throw fail("an admission with valid passes was forgotten")
        }
        ticks = present
        let counted = present.map { certainPeople(until: $0.to) - certainPeople(until: $0.from) }
        let used = present.reduce(0) { $0 + counter("u\($1.end.milliseconds)") }
        let unused = counted.reduce(-used, +)
        // If numbers of the lobby are uncertain, it is not known which of the ranks are theirs.
        let isExact = min(uncertain.upperBound, counter("lobby")) == min(uncertain.lowerBound, counter("lobby"))
        guard isExact ? counter("outstanding") == unused : (0...counted.reduce(0, +)).contains(counter("outstanding"))
        else { throw fail("\(counter("outstanding")) passes are outstanding instead of \(unused)") }
    }

    /// Numbers that may belong to nobody: those between what the ledger knew and what it allowed before the last loss.
    private func certainPeople(until rank: Int) -> Int {
        let lobby = counter("lobby")
        let inLobby = uncertain.clamped(to: 0..<lobby).count
        guard rank >= lobby else { return rank * (lobby - inLobby) / lobby }
        let later = uncertain.clamped(to: lobby..<rank)
        return rank - inLobby - later.count
    }
}

extension Set<Int> {
    fileprivate func firstMissing(after number: Int) -> Int? { ((number + 1)...).first { !contains($0) } }
}
