import NIOCore
import TestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema
@testable import Timing

/// A violated invariant, with the trace of the run.
struct Violation: Error, CustomStringConvertible {
    var seed: UInt64
    var text: String
    var trace: [String]

    var description: String { "seed \(seed): \(text)\n" + trace.suffix(60).joined(separator: "\n") }
}

/// The fence refuses the call, either in the program or in the script.
struct Fenced: Error {}

/// A script was stopped in the middle. The caller does not know what it has changed.
struct Torn: Error {}

/// One interleaving of all participants: APIs that claim, confirm and cancel; workers that take, settle and
/// acknowledge, die, stall and continue; an expiry of holds; a clock; lost replies. Every step runs the real scripts
/// with the calls of production, and decodes their replies as production does. The ledger is a model of one statement.
/// The seed determines the run, so that a violation can be reproduced.
final class Simulation {
    static let keys = Keyspace(partition: 0)
    static let plain = EventID("plain") ?? .demo
    static let scarce = EventID("scarce") ?? .demo
    static let leaseMilliseconds = 1000

    enum Worker {
        case idle
        case holding(Batch)
        case settled(Batch, [Settlement])
    }

    let seed: UInt64
    let interpreter: LuaInterpreter
    /// Scripts that replace the real ones, by name.
    var mutants: [String: RedisScript] = [:]
    static let lease = Duration.milliseconds(leaseMilliseconds)
    var generator: SeededGenerator
    var store = MemoryStore()
    var ledger = LedgerModel()
    var workers: [Worker] = [.idle, .idle, .idle]
    /// Tokens of all batches that a worker has taken.
    var tokens: [String] = []
    var trace: [String] = []
    var isTracing = false
    var stepCount = 0
    var isAtRest = false
    /// A cache of decoded entries, because most are decoded many times.
    var decoded: [String: Order] = [:]
    /// Orders whose acceptance has reached the client.
    var accepted: [OrderID] = []
    /// All accepted orders, also those whose reply was lost.
    var known: [OrderID] = []
    /// The order of each key.
    var byKey: [UInt64: OrderID] = [:]
    /// Observed final states.
    var finals: [OrderID: OrderState] = [:]
    /// The epoch in the ledger, and the server and the history to which it belongs.
    var epoch = 0
    var epochServer = 0
    var epochReplication = 0
    /// The run id of the server process, and the id of the history of its data.
    var server = 1
    var replication = 0
    /// The epoch that the programs use, and the server and the history to which it belongs; nil while they sell nothing.
    var pass: String?
    var passServer = 0
    var passReplication = 0
    /// What protects the programs from other servers. Mutants lack one.
    var guards = Guards()
    var recoverers: [Recoverer] = [.idle, .idle, .idle]
    static let interruptionPercent = 6
    var interruptions = interruptionPercent
    /// Dead letters that a recovery has requeued once.
    var requeued: Set<String> = []
    /// Whether Redis has lost data. The ledger may then reject orders that Redis kept.
    var hasLost = false
    var nextID: UInt64 = 0
    /// Events whose present terms Redis may lack, and capacities that Redis has before the ledger.
    var unpublished: Set<EventID> = []
    var lowering: [EventID: Int] = [:]
    /// An earlier copy of Redis.
    var older: MemoryStore?
    /// The replica of Redis, in runs with failovers; nil while none is connected.
    var replica: ReplicaModel?
    /// The run id of the replica's process, and the last id of a process or a history.
    var replicaServer = 2
    var lastServer = 2
    /// The connection on which scripts run.
    var connection = 0
    /// Final states that were acknowledged to a client after a wait for the replica.
    var acknowledgedFinals: [OrderID: OrderState] = [:]
    /// Whether a worker went on with a batch without the replica, or a moved slot lost data.
    var mayBeRebuilt = false
    var wasRebuilt = false
    /// A primary that was paused while its replica was promoted.
    var paused: PausedPrimary?
    var isOnPausedPrimary = false
    /// Whether the programs are stalled since the last promotion: they call nothing and do not look at their server.
    var isStalled = false
    var isLedgerAway = false
    /// No more faults begin.
    var isEnding = false
    /// The places that an earlier call has named as the next ones.
    var staleNext: [OrderID] = []
    /// The waiting room, in runs with one.
    var room = RoomModel(marks: RoomMarks(event: Simulation.plain, generation: 1))
    /// The slot of the partition is being moved to another server.
    var move: SlotMove?

    init(seed: UInt64, interpreter: LuaInterpreter) {
        self.seed = seed
        self.interpreter = interpreter
        generator = SeededGenerator(seed: seed)
        ledger.events[Self.plain] = LedgerModel.Event(terms: EventTerms(name: "p", capacity: 12))
        ledger.events[Self.scarce] = LedgerModel.Event(
            terms: EventTerms(name: "s", capacity: 4, customerLimit: 3, holdSeconds: 1, maxHolds: 2))
        ledger.events[Self.scarce]?.terms.hasWaitlist = hasWaitlist
        setUpRoom()
    }

    /// Runs random steps, then brings everything to rest and checks it.
    func run(steps: Int) throws {
        try recoverAll()
        if isReplicated { replica = ReplicaModel(of: store) }
        for _ in 0..<steps {
            connection = Int.random(in: 0..<Self.connections, using: &generator)
            if seed % 4 == 0, chance(5) { older = store }
            do { try step() } catch is Fenced {} catch is Torn {}
            try check()
        }
        try endFaults()
        try recoverAll()
        try rest()
        if hasWaitlist { try endSale() }
        try publishAllChanges()
        try checkAtRest()
        try checkDeletion()
    }

    private func step() throws {
        // A recovery has many steps. During a recovery, half of all steps belong to its processes.
        if seed % 4 == 0 || isReplicated, isRecovering, chance(50) {
            return try recover(Int.random(in: 0..<recoverers.count, using: &generator))
        }
        if isLedgerAway, paused == nil, chance(15) { isLedgerAway = false }
        if paused != nil, chance(40) { return try continuePause() }
        if move != nil, chance(40) { return chance(50) ? try change() : try continueMove() }
        if hasRoom, chance(25) { return try stepRoom() }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<22: if hasWaitlist, chance(40) { try join() } else { try claim() }
        case 22..<34: try change()
        case 34..<70: try work(Int.random(in: 0..<workers.count, using: &generator))
        case 70..<78: try takeOver()
        case 78..<84: if hasWaitlist, chance(60) { try makeOffers() } else { try expireHolds() }
        case 84..<88: try useStaleToken()
        case 88..<90: try deleteRecords()
        case 90..<93 where seed % 4 == 0: loseData()
        case 90..<95 where isPausing: try promote(pausing: true)
        case 90..<94 where isMoving: beginMove()
        case 90..<95 where isReplicated: try promote()
        case 90..<95 where seed % 4 != 0: try changeCapacity()
        case 93..<95 where !letters.isEmpty: try letters.first.map(requeue)
        default: tick()
        }
    }

    // MARK: Calls

    /// Runs a script. Throws ``Fenced`` if the script checks the epoch and the epoch differs.
    ///
    /// - Parameter epoch: the epoch of a fenced script.
    func run<Script: PartitionScript>(_ script: Script, epoch: String? = nil) throws -> Script.Reply {
        let call = script.call(in: Self.keys, epoch: script.fence == .epoch ? epoch : nil)
        let (keys, arguments) = try Self.parts(call)
        guard isLocal(keys.filter { guards.declaresGuardKey || $0 != Self.keys.guardKey }) else { throw Fenced() }
        var (writes, isTorn) = (false, false)
        let reply = try interpreter.run(mutants[call.script.name] ?? call.script, keys: keys, arguments: arguments) {
            [self] command in
            guard isLocal(SlotMove.keys(of: command)) else {
                isTorn = true
                return .error("ERR Script attempted to access a non local key in a cluster node")
            }
            guard !writes, isReplicated else { return store.run(command) }
            let used = SlotMove.keys(of: command)
            let before = used.map { store.values[$0] }
            let reply = store.run(command)
            writes = ReplicaModel.isWrite(command, from: before, to: used.map { store.values[$0] })
            return reply
        }
        if writes { noteWrite() }
        if isTorn { throw Torn() }
        if case .error(let text) = reply {
            guard text.hasPrefix("FENCED") else { throw fail("\(call.script.name): \(text)") }
            throw Fenced()
        }
        return try script.decode(reply)
    }

    func redis(_ command: String...) -> RESPValue { store.run(command) }

    static func parts(_ call: RedisScriptCall) throws -> (keys: [String], arguments: [String]) {
        var buffer = ByteBuffer()
        call.command(digest: nil).encode(into: &buffer)
        let parser = try RESPParser()
        try buffer.withUnsafeReadableBytes { bytes in try parser.feed(bytes) }
        // EVAL, the source, the number of keys, the keys, the arguments.
        let parts = try (parser.next()?.array ?? []).dropFirst(2).map { $0.string ?? "" }
        let keyCount = parts.first.flatMap { Int($0) } ?? 0
        return (Array(parts[1...keyCount]), Array(parts[(keyCount + 1)...]))
    }

    /// Adds a line to the trace, if there is one: the text costs more than the step.
    func note(_ text: @autoclosure () -> String) { if isTracing { trace.append(text()) } }

    func fail(_ text: String) -> Violation { Violation(seed: seed, text: text, trace: trace) }

    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    private func tick() {
        store.now +=
            chance(20) ? Int.random(in: 900...2500, using: &generator) : Int.random(in: 1...300, using: &generator)
        note("clock \(store.now % 1_000_000)")
    }

    func makeToken() -> String {
        nextID += 1
        return "t\(nextID)"
    }
}
