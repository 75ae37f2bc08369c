import TestSupport
import Testing

@testable import RedisClient
@testable import RedisSchema

/// The simulator detects mistakes: each mutant is a script with one mistake.
@Suite(.timeLimit(.minutes(10))) struct MutantTests {
    struct Mutant: Sendable, CustomStringConvertible {
        var script: RedisScript
        var right: String
        var wrong: String

        var description: String { "\(script.name) without \(right)" }
    }

    static let mutants = [
        Mutant(
            script: AcknowledgeScript.lua.script,
            right: "if not call('ZSCORE', leases, token) then return 0 end",
            wrong: ""),
        Mutant(
            script: RenewScript.lua.script,
            right: "if not call('ZSCORE', leases, token) then return 0 end",
            wrong: ""),
        Mutant(
            script: ReclaimScript.lua.script,
            right: "call('ZREM', leases, old_token)",
            wrong: ""),
        Mutant(
            script: ReclaimScript.lua.script,
            right: "call('ZADD', leases, piece == 1 and now + lease or now, successor.token)",
            wrong: ""),
        Mutant(
            script: TakeScript.lua.script,
            right: "call('LTRIM', queue, #entries, -1)",
            wrong: ""),
        Mutant(
            script: TakeScript.lua.script,
            right: "in_turn = 1",
            wrong: "in_turn = 0"),
        Mutant(
            script: TransitionScript.lua.script,
            right: "if overdue then return nil, HOLD_EXPIRED end",
            wrong: ""),
        Mutant(
            script: TransitionScript.lua.script,
            right: "event.stock = event.stock + units",
            wrong: "event.stock = event.stock + 2 * units"),
        Mutant(
            script: TransitionScript.lua.script,
            right: "call('INCRBY', pending_releases, #finished_ids)",
            wrong: ""),
        Mutant(
            script: ClaimScript.lua.script,
            right: "event.stock, event.taken, accepted = event.stock - quantity,",
            wrong: "event.stock, event.taken, accepted = event.stock,"),
        Mutant(
            script: ClaimScript.lua.script,
            right: "if limit and count + quantity > limit then",
            wrong: "if false then"),
        Mutant(
            script: OpenScript.lua.script,
            right:
                "if (tonumber(call('GET', leases_begun) or '') or 0) < leases_seen then call('SET', leases_begun, leases_seen) end",
            wrong: ""),
        // Ranges of sequence numbers.
        Mutant(
            script: ClaimScript.lua.script,
            right: "if sequence ~= first_sequence then call('SET', last_sequence, text(sequence)) end",
            wrong: ""),
        Mutant(
            script: AcknowledgeScript.lua.script,
            right: "call('ZADD', ranges_key, unpack(members, from, math.min(from + 999, #members)))",
            wrong: ""),
        Mutant(
            script: TransitionScript.lua.script,
            right: "if record and apply_range(record, confirmed, confirmed_keyed) then",
            wrong: "if false then"),
        Mutant(
            script: TransitionScript.lua.script,
            right: "if not first or number < tonumber(first) then return false end",
            wrong: "if not first then return false end"),
        Mutant(
            script: TransitionScript.lua.script,
            right: "if not range or number < range.first or number > range.last then",
            wrong: "if not range then"),
        Mutant(
            script: TransitionScript.lua.script,
            right: "local key, number = is_keyed(order.id) and confirmed_keyed or confirmed,",
            wrong: "local key, number = confirmed,"),
        Mutant(
            script: TransitionScript.lua.script,
            right: "order.state, order.ledger_version, order.sequence = 'confirmed', order.version, ''",
            wrong: "order.state, order.sequence = 'confirmed', ''"),
        Mutant(
            script: DeleteRecordsScript.lua.script,
            right: "if record then apply_range(record, confirmed, confirmed_keyed) end",
            wrong: ""),
        Mutant(
            script: DeleteRecordsScript.lua.script,
            right: "for _, range in ipairs(ranges) do call('ZREMRANGEBYSCORE', ranges_key, range.last, range.last) end",
            wrong: ""),
        Mutant(
            script: DeleteRecordsScript.lua.script,
            right: "call('ZREMRANGEBYSCORE', ranges_key, range.last, range.last)",
            wrong: "call('ZREMRANGEBYSCORE', confirmed, range.last, range.last)"),
        // Superseded recoveries, and recoveries that continue although they must not.
        Mutant(
            script: AcknowledgeScript.lua.script,
            right: "if ARGV[#ARGV] ~= '' and call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then",
            wrong: "if false then"),
        Mutant(
            script: WipeScript.lua.script,
            right: "if not is_sealed_with(epoch, token) then return 0 end",
            wrong: ""),
        Mutant(
            script: OpenScript.lua.script,
            right: "if not is_sealed_with(epoch, token) then return 0 end",
            wrong: ""),
        Mutant(
            script: SealScript.lua.script,
            right: "elseif is_sealed and state[3] == 'wipe' then",
            wrong: "elseif is_sealed then"),
        Mutant(
            script: SealScript.lua.script,
            right: "call('SET', epoch, 'sealed:' .. token)",
            wrong: ""),
        Mutant(
            script: BackfillScript.lua.script,
            right: "if not holds_lease(backfill, token) then return LOST end",
            wrong: ""),
        Mutant(
            script: BackfillScript.lua.script,
            right: "if ARGV[#ARGV] ~= '' and call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then",
            wrong: "if false then"),
        Mutant(
            script: BackfillScript.lua.script,
            right: "if state[1] ~= stamp or state[2] ~= from then return OUT_OF_STEP end",
            wrong: ""),
        Mutant(
            script: BackfillScript.lua.script,
            right: "if present[6] == generation and is_intact then return ALREADY_PUBLISHED end",
            wrong: ""),
        Mutant(
            script: BackfillScript.lua.script,
            right: "call('UNLINK', customers, holds)",
            wrong: ""),
        Mutant(
            script: PublishScript.lua.script,
            right: "if token ~= '' and not holds_lease(backfill, token) then return NEEDS_BACKFILL end",
            wrong: ""),
        Mutant(
            script: PublishScript.lua.script,
            right: "if is_rebuilt then call('SADD', published, id) end",
            wrong: ""),
        Mutant(
            script: EndBackfillScript.lua.script,
            right: "if not holds_lease(backfill, token) or call('SCARD', requested_backfills) > 0 then return 0 end",
            wrong: ""),
    ]

    @Test(arguments: mutants) func theSimulatorDetectsAMutant(mutant: Mutant) async throws {
        try #require(mutant.script.source.contains(mutant.right), "the script has changed")
        let isDetected = try await onOwnThread { try Self.isDetected(mutant) }
        #expect(isDetected, "\(mutant) was not detected")
    }

    private static func isDetected(_ mutant: Mutant) throws -> Bool {
        let source = mutant.script.source.replacing(mutant.right, with: mutant.wrong)
        let wrong = RedisScript(name: mutant.script.name, source: Array(source.utf8))
        let interpreter = try LuaInterpreter()
        // Every fourth seed loses data of Redis. Mistakes of recoveries need these seeds, and runs that are long enough
        // for a recovery with all its interruptions.
        for number in 0..<1600 {
            let seed = number < 400 ? number : number * 4
            let simulation = Simulation(seed: UInt64(seed), interpreter: interpreter)
            simulation.mutants = [mutant.script.name: wrong]
            do { try simulation.run(steps: number < 400 ? 60 : 160) } catch is Violation { return true }
        }
        return false
    }
}
