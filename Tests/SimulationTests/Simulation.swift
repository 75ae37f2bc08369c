import TestSupport

@testable import Domain
@testable import Engine
@testable import RedisClient
@testable import RedisSchema
@testable import Timing

/// A violated invariant, with what led to it.
struct Violation: Error, CustomStringConvertible {
    var seed: UInt64
    var text: String
    var trace: [String]

    var description: String { "seed \(seed): \(text)\n" + trace.suffix(60).joined(separator: "\n") }
}

/// Redis may not be used, as far as the caller knows or as the script says.
struct Fenced: Error {}

/// One interleaving of everybody who takes part: APIs that claim, confirm and cancel, workers that take, settle and
/// acknowledge, die, stall and wake up, a sweeper, a clock, answers that are lost. Every step calls the real scripts with
/// the calls that production builds, and reads their answers as production does; the ledger is a model of one statement.
/// The seed decides everything, so that a violation can be had again.
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
    /// Scripts to use instead, by name: to see that the simulator notices.
    var mutants: [String: RedisScript] = [:]
    static let lease = Duration.milliseconds(leaseMilliseconds)
    var generator: SeededGenerator
    var store = MemoryStore()
    var ledger = LedgerModel()
    var workers: [Worker] = [.idle, .idle, .idle]
    /// Tokens that somebody had once.
    var tokens: [String] = []
    var trace: [String] = []
    var isTracing = false
    var stepCount = 0
    var isAtRest = false
    /// Entries that have been read; most are looked at again and again.
    var decoded: [String: Order] = [:]
    /// Orders that were accepted, and what was asked for under their keys.
    var accepted: [OrderID] = []
    var known: [OrderID] = []
    var byKey: [UInt64: OrderID] = [:]
    /// States that were seen and are final.
    var finals: [OrderID: OrderState] = [:]
    /// The epoch that the ledger knows, and the server that it is good for.
    var epoch = 0
    var epochServer = 0
    var server = 1
    /// The epoch that the programs go by, and on which server; nil while they sell nothing.
    var pass: String?
    var passServer = 0
    var recoverers: [Recoverer] = [.idle, .idle, .idle]
    static let interruptionPercent = 6
    var interruptions = interruptionPercent
    /// Dead letters that a drain has put back once.
    var requeued: Set<String> = []
    /// Whether Redis has lost something, so that the ledger may have no room for what it still had.
    var hasLost = false
    var nextID: UInt64 = 0
    /// A state of Redis from before, to be put back to.
    var older: MemoryStore?

    init(seed: UInt64, interpreter: LuaInterpreter) {
        self.seed = seed
        self.interpreter = interpreter
        generator = SeededGenerator(seed: seed)
        ledger.events[Self.plain] = LedgerModel.Event(terms: EventTerms(name: "p", capacity: 12))
        ledger.events[Self.scarce] = LedgerModel.Event(
            terms: EventTerms(name: "s", capacity: 4, customerLimit: 3, holdSeconds: 1))
    }

    /// So many steps by chance, and then everything to rest.
    func run(steps: Int) throws {
        try recoverAll()
        for _ in 0..<steps {
            if seed % 4 == 0, chance(5) { older = store }
            do { try step() } catch is Fenced {}
            try check()
        }
        try recoverAll()
        try rest()
        try checkAtRest()
    }

    private func step() throws {
        // A recovery is many steps: while there is one, half of all steps are of processes that are at it.
        if seed % 4 == 0, isRecovering, chance(50) {
            return try recover(Int.random(in: 0..<recoverers.count, using: &generator))
        }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<22: try claim()
        case 22..<34: try change()
        case 34..<70: try work(Int.random(in: 0..<workers.count, using: &generator))
        case 70..<78: try takeOver()
        case 78..<84: try sweep()
        case 84..<88: try useStaleToken()
        case 88..<90: try forget()
        case 90..<93 where seed % 4 == 0: lose()
        case 93..<95 where !letters.isEmpty: try letters.first.map(requeue)
        default: tick()
        }
    }

    // MARK: Calls

    /// Runs a script. Throws ``Fenced`` if it checks an epoch and the epoch is another.
    ///
    /// - Parameter epoch: of a script that is fenced.
    func run<Script: PartitionScript>(_ script: Script, epoch: String? = nil) throws -> Script.Reply {
        let call = script.call(in: Self.keys, epoch: script.fence == .epoch ? epoch : nil)
        let (keys, arguments) = Self.parts(call)
        let reply = try interpreter.run(mutants[call.script.name] ?? call.script, keys: keys, arguments: arguments) {
            [self] in store.run($0)
        }
        if case .error(let text) = reply {
            guard text.hasPrefix("FENCED") else { throw fail("\(call.script.name): \(text)") }
            throw Fenced()
        }
        return try script.decode(reply)
    }

    /// Runs a script as programs do: in the epoch that they know.
    func current<Script: PartitionScript>(_ script: Script) throws -> Script.Reply {
        guard let pass, passServer == server else { throw Fenced() }
        return try run(script, epoch: pass)
    }

    func redis(_ command: String...) -> RESPValue { store.run(command) }

    static func parts(_ call: RedisScriptCall) -> (keys: [String], arguments: [String]) {
        let arguments = call.arguments.map { argument in
            switch argument {
            case .text(let text): text
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            }
        }
        return (call.keys, arguments)
    }

    /// Only where somebody will read it: writing it down costs more than the step.
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
