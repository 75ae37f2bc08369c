import Testing

@testable import Shared

/// The simulator notices what is wrong: each script with one mistake in it.
@Suite(.timeLimit(.minutes(5))) struct MutantTests {
    struct Mutant: Sendable, CustomStringConvertible {
        var script: RedisScript
        var right: String
        var wrong: String

        var description: String { "\(script.name) without \(right)" }
    }

    static let mutants = [
        Mutant(
            script: Scripts.acknowledge, right: "if not call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end", wrong: ""),
        Mutant(
            script: Scripts.renew, right: "if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end", wrong: ""),
        Mutant(script: Scripts.reclaim, right: "call('ZREM', KEYS[1], old)", wrong: ""),
        Mutant(
            script: Scripts.reclaim, right: "call('ZADD', KEYS[1], piece == 1 and now + lease or now, token)", wrong: ""
        ),
        Mutant(script: Scripts.take, right: "redis.call('LTRIM', KEYS[1], #entries, -1)", wrong: ""),
        Mutant(script: Scripts.take, right: "in_turn = 1", wrong: "in_turn = 0"),
        Mutant(script: Scripts.transition, right: "if overdue then return nil, 3 end", wrong: ""),
        Mutant(script: Scripts.transition, right: "stock = stock + units", wrong: "stock = stock + 2 * units"),
        Mutant(script: Scripts.transition, right: "call('INCRBY', KEYS[3], #ended)", wrong: ""),
        Mutant(
            script: Scripts.claim, right: "stock, taken, accepted = stock - quantity,",
            wrong: "stock, taken, accepted = stock,"),
        Mutant(
            script: Scripts.claim, right: "elseif limit and count + quantity > limit then", wrong: "elseif false then"),
        Mutant(script: Scripts.open, right: "redis.call('SET', KEYS[2], ARGV[3])", wrong: ""),
    ]

    @Test(arguments: mutants) func aMistakeIsNoticed(mutant: Mutant) throws {
        try #require(mutant.script.source.contains(mutant.right), "the script reads differently now")
        let source = mutant.script.source.replacing(mutant.right, with: mutant.wrong)
        let wrong = RedisScript(name: mutant.script.name, source: Array(source.utf8))
        let interpreter = try LuaInterpreter()
        for seed in 0..<400 {
            let simulation = Simulation(seed: UInt64(seed), interpreter: interpreter)
            simulation.mutants = [mutant.script.name: wrong]
            do { try simulation.run(steps: 60) } catch is Violation { return }
        }
        Issue.record("\(mutant) was not noticed")
    }
}
