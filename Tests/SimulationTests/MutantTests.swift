import TestSupport
import Testing

@testable import RedisClient
@testable import RedisSchema

/// The simulator notices what is wrong: each script with one mistake in it.
@Suite(.timeLimit(.minutes(10))) struct MutantTests {
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
        Mutant(
            script: Scripts.open,
            right:
                "if (tonumber(call('GET', KEYS[2]) or '') or 0) < tonumber(ARGV[3]) then call('SET', KEYS[2], ARGV[3]) end",
            wrong: ""),
        // Recoveries that were overtaken, or go on where they must not.
        Mutant(
            script: Scripts.acknowledge,
            right: "if ARGV[9] ~= '' and call('GET', KEYS[9]) ~= ARGV[9] then return 0 end", wrong: ""),
        Mutant(
            script: Scripts.wipe, right: "if redis.call('GET', KEYS[1]) ~= 'sealed:' .. ARGV[1] then return 0 end",
            wrong: ""),
        Mutant(
            script: Scripts.open, right: "if call('GET', KEYS[1]) ~= 'sealed:' .. ARGV[1] then return 0 end", wrong: ""),
        Mutant(
            script: Scripts.seal, right: "elseif is_sealed and state[3] == 'wipe' then", wrong: "elseif is_sealed then"),
        Mutant(script: Scripts.seal, right: "call('SET', KEYS[1], 'sealed:' .. token)", wrong: ""),
        Mutant(
            script: Scripts.backfill, right: "if call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end", wrong: ""
        ),
        Mutant(
            script: Scripts.backfill,
            right:
                "if call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then return redis.error_reply('FENCED backfill: the epoch is another') end",
            wrong: ""),
        Mutant(
            script: Scripts.backfill, right: "if state[1] ~= stamp or state[2] ~= from then return 2 end", wrong: ""),
        Mutant(
            script: Scripts.backfill, right: "if present[6] == ARGV[5] and is_intact then return 3 end",
            wrong: ""),
        Mutant(script: Scripts.backfill, right: "call('UNLINK', KEYS[4], KEYS[5])", wrong: ""),
        Mutant(
            script: Scripts.publish,
            right: "if call('HGET', KEYS[8], 'token') ~= filler then return 4 end", wrong: ""),
        Mutant(script: Scripts.publish, right: "if is_rebuilt then call('SADD', KEYS[9], id) end", wrong: ""),
        Mutant(
            script: Scripts.endBackfill,
            right: "if call('HGET', KEYS[1], 'token') ~= ARGV[1] or call('SCARD', KEYS[2]) > 0 then return 0 end",
            wrong: ""),
    ]

    @Test(arguments: mutants) func aMistakeIsNoticed(mutant: Mutant) async throws {
        try #require(mutant.script.source.contains(mutant.right), "the script reads differently now")
        let isNoticed = try await onOwnThread { try Self.isNoticed(mutant) }
        #expect(isNoticed, "\(mutant) was not noticed")
    }

    private static func isNoticed(_ mutant: Mutant) throws -> Bool {
        let source = mutant.script.source.replacing(mutant.right, with: mutant.wrong)
        let wrong = RedisScript(name: mutant.script.name, source: Array(source.utf8))
        let interpreter = try LuaInterpreter()
        // Those that lose Redis, every fourth, are needed for the mistakes of recoveries.
        for number in 0..<1600 {
            let seed = number < 400 ? number : number * 4
            let simulation = Simulation(seed: UInt64(seed), interpreter: interpreter)
            simulation.mutants = [mutant.script.name: wrong]
            do { try simulation.run(steps: 60) } catch is Violation { return true }
        }
        return false
    }
}
