@testable import Domain
@testable import Engine
@testable import RedisSchema

/// What the participants know of the waiting room.
struct RoomModel {
    /// What the ledger has.
    var marks: RoomMarks
    /// What each worker remembers.
    var memories: [RoomMarks?] = [nil, nil]
    var replicated: [[EventID: AdmitScript.Replicated]] = [[:], [:]]
    /// Who was given a number, as far as somebody knows.
    var owners: [Int: String] = [:]
    var shown = 0
    var bought: [Int: Int] = [:]
    var joins = 0
}

/// The waiting room of an event, beside everything else: people join and are admitted, purchases have passes, and the room is made
/// again after a loss.
extension Simulation {
    /// Whether the plain event has a waiting room in this run.
    var hasRoom: Bool { [3, 12, 13, 28].contains(seed % 32) }

    func setUpRoom() {
        guard hasRoom else { return }
        ledger.events[Self.plain]?.terms.admissionRate = 5
        ledger.events[Self.plain]?.terms.passSeconds = 10
        ledger.events[Self.plain]?.terms.maxQuantity = 3
    }

    /// The marks that a publication of the event has.
    func roomMarks(of id: EventID) -> RoomMarks? { hasRoom && id == Self.plain ? room.marks : nil }

    func stepRoom() throws {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<3: try joinRoom()
        case 3..<8: try admit(Int.random(in: 0..<room.memories.count, using: &generator))
        case 8: room.memories[Int.random(in: 0..<room.memories.count, using: &generator)] = nil
        default: try lookAtRoom()
        }
    }

    private func joinRoom() throws {
        let requests = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            JoinRequest(
                event: Self.plain, name: chance(60) ? "n\(Int.random(in: 0..<8, using: &generator))" : nil)
        }
        let outcomes = try current(JoinScript(requests, queueLimit: 0))
        let isReplicated = waitForReplica()
        for (request, outcome) in zip(requests, outcomes) {
            note("join \(request.name ?? "-"): \(outcome)\(isReplicated ? "" : " short")")
            room.joins += 1
            // A number that nobody was told can be given again.
            guard isReplicated, case .joined(let number, _, let isReplay) = outcome else { continue }
            let name = request.name ?? "somebody \(room.joins)"
            if let owner = room.owners[number], owner != name { throw fail("\(number) is of \(owner) and \(name)") }
            room.owners[number] = name
            if isReplay, request.name == nil { throw fail("somebody without a name was known") }
        }
    }

    private func admit(_ worker: Int) throws {
        connection = worker % Self.connections
        let known = room.memories[worker] ?? RoomMarks(event: Self.plain, generation: 0)
        guard let reply = try current(AdmitScript([known], replicated: room.replicated[worker]))[0] else {
            room.memories[worker] = nil
            return
        }
        note("admit: \(reply)")
        if waitForReplica() { room.replicated[worker][Self.plain] = AdmitScript.Replicated(reply) }
        guard !isLedgerAway, let wanted = reply.wantedMarks(joined: 0, endedUntil: known.endedUntil), !chance(10) else {
            return
        }
        room.marks.numbersUntil = max(room.marks.numbersUntil, wanted.numbersUntil)
        room.marks.admittedUntil = max(room.marks.admittedUntil, wanted.admittedUntil)
        room.marks.endedUntil = max(room.marks.endedUntil, wanted.endedUntil)
        room.marks.numbersGiven = max(room.marks.numbersGiven, wanted.numbersGiven)
        room.marks.draw = room.marks.draw ?? wanted.draw
        room.memories[worker] = chance(10) ? nil : room.marks
    }

    /// Whether programs show the room: they know that Redis is that of the ledger, and it has the event.
    private var isRoomShown: Bool {
        isPassValid && isServerOfLedger && redis("GET", Self.keys.epoch).string == String(epoch)
            && redis("SISMEMBER", Self.keys.published, Self.plain.description).integer == 1
    }

    private func lookAtRoom() throws {
        guard isRoomShown else { return }
        let fields = (try? redis("HGETALL", Self.keys.room(Self.plain)).fields()) ?? [:]
        let reading = RoomReading(
            event: ["generation": "1", "admission_rate": "5"], room: fields, ticks: ticks, limit: 5000,
            at: Timestamp(milliseconds: Int64(store.now)))
        guard let counters = reading?.counters else { throw fail("the room is missing: \(fields)") }
        // What was shown is admitted. The write of `shown` itself can be lost, and is made again.
        let admitted = Int(fields["admitted"] ?? "") ?? 0
        guard admitted >= room.shown else { throw fail("\(room.shown) were shown, and now \(admitted) are admitted") }
        room.shown = max(room.shown, counters.admitted)
    }

    private var ticks: [RoomTick] {
        guard case .list(let texts) = store.values[Self.keys.ticks(Self.plain)] else { return [] }
        return texts.compactMap { RoomTick($0) }
    }

    /// A pass of somebody who is admitted; nil if there is none.
    func admissionPass() -> AdmissionPass? {
        guard let tick = ticks.randomElement(using: &generator) else { return nil }
        return AdmissionPass(
            number: Int.random(in: (tick.from + 1)...tick.to, using: &generator), generation: 1, end: tick.end)
    }

    /// A purchase that was accepted with a new order.
    func checkPass(of purchase: Purchase) throws {
        guard hasRoom, purchase.event == Self.plain else { return }
        guard let pass = purchase.pass, Int(pass.end.milliseconds) > store.now else {
            throw fail("\(purchase.id) was bought without a pass")
        }
        room.bought[pass.number, default: 0] += purchase.quantity
        // Purchases are lost with a primary, and known passes with Redis.
        if !isReplicated, room.bought[pass.number, default: 0] > 3 { throw fail("\(pass.number) bought too much") }
    }

    /// The room was made again.
    func forgetPasses() { room.bought = [:] }

    /// Redis has returned to an older state, in which it can continue if no batch was taken since: as orders, places and admissions
    /// that only the lost state had are gone.
    func forgetLostPlaces() {
        room.bought = [:]
        guard let last = redis("HGET", Self.keys.room(Self.plain), "last").string.flatMap({ Int($0) }) else { return }
        room.owners = room.owners.filter { $0.key <= last }
        room.shown = min(room.shown, Int(redis("HGET", Self.keys.room(Self.plain), "admitted").string ?? "") ?? 0)
    }

    func checkRoom() throws {
        guard hasRoom, isRoomShown else { return }
        let last = redis("HGET", Self.keys.room(Self.plain), "last").integer ?? -1
        let admitted = redis("HGET", Self.keys.room(Self.plain), "admitted").integer ?? -1
        guard last >= 0, last <= room.marks.numbersUntil else { throw fail("\(last) is beyond \(room.marks)") }
        guard admitted >= 0, admitted <= room.marks.admittedUntil else { throw fail("\(admitted): \(room.marks)") }
        if let number = room.owners.keys.max(), number > last { throw fail("\(number) was given, and \(last) is last") }
        try lookAtRoom()
    }
}
