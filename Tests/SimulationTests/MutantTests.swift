import Foundation
import TestSupport
import Testing

@testable import RedisClient
@testable import RedisSchema

/// The simulator detects mistakes: each mutant is a script with one mistake.
@Suite(.timeLimit(.minutes(30))) struct MutantTests {
    struct Mutant: Sendable, CustomStringConvertible {
        var script: RedisScript
        var right: String
        var wrong: String
        /// Whether runs that lose data of Redis show it best.
        var needsLoss = true
        /// The number of a run that detected it, which is tried first. When another one did, the test prints its number.
        var known = 0

        var description: String { "\(script.name) without \(right)" }
    }

    /// With the variable `MUTANTS`, only those whose description contains its text.
    static let selected = ProcessInfo.processInfo.environment["MUTANTS"].map { text in
        mutants.filter { $0.description.contains(text) }
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
            wrong: "", known: 59),
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
            wrong: "if false then", known: 103),
        Mutant(
            script: OpenScript.lua.script,
            right: "if begun < leases_seen then call('SET', leases_begun, leases_seen) end",
            wrong: ""),
        // Lower capacities.
        Mutant(
            script: LowerCapacityScript.lua.script,
            right: "if returned and recorded and (left >= returned - recorded or recorded >= lowered) then",
            wrong: "if true then"),
        Mutant(
            script: LowerCapacityScript.lua.script,
            right: "left >= returned - recorded",
            wrong: "left >= 0"),
        Mutant(
            script: LowerCapacityScript.lua.script,
            right: "recorded >= lowered",
            wrong: "recorded >= 0"),
        Mutant(
            script: LowerCapacityScript.lua.script,
            right: "if left < 0 then return { IN_USE, before - stock } end",
            wrong: ""),
        Mutant(
            script: TransitionScript.lua.script,
            right: "call('HSET', event.event, 'returned', text(event.returned + event.returns))",
            wrong: ""),
        Mutant(
            script: AcknowledgeScript.lua.script,
            right: "if event.returned > 0 then record_returns(event.event, event.generation, event.returned) end",
            wrong: ""),
        // Ranges of sequence numbers.
        Mutant(
            script: ClaimScript.lua.script,
            right: "sequence ~= first_sequence or",
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
            wrong: "local key, number = confirmed,", known: 48),
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
        // Records that go early.
        Mutant(
            script: DeleteRecordsScript.lua.script,
            right: "if #forgotten_ids > 0 then remember(forgotten_ids, generations) end",
            wrong: "", known: 115),
        Mutant(
            script: DeleteRecordsScript.lua.script,
            right: "if is_valid(entry) then table.insert(fields[name], entry) end",
            wrong: "", needsLoss: false, known: 1163),
        Mutant(
            script: ClaimScript.lua.script,
            right: "if call('EXISTS', forgotten) == 1 then read_forgotten() end",
            wrong: "", known: 115),
        // Holders.
        Mutant(
            script: ClaimScript.lua.script,
            right: "if event.max_holds and holder.holds >= event.max_holds then return HOLD_LIMIT, event.max_holds end",
            wrong: ""),
        Mutant(
            script: ClaimScript.lua.script,
            right: "if event.counts_holders then holder_rules.count(event, i) end",
            wrong: ""),
        Mutant(
            script: TransitionScript.lua.script,
            right: "holder.holds = math.max(0, holder.holds - 1)",
            wrong: ""),
        Mutant(
            script: TransitionScript.lua.script,
            right: "call('HDEL', holders, 'o' .. id)",
            wrong: ""),
        Mutant(
            script: BackfillScript.lua.script,
            right: "for _, order in ipairs(held_orders) do call('HSET', holders, 'o' .. order.id, order.name) end",
            wrong: ""),
        // Waiting lists.
        Mutant(
            script: ClaimScript.lua.script,
            right: "if event.smallest_wish and stock >= event.smallest_wish then stock = 0 end",
            wrong: "", known: 68),
        Mutant(
            script: TransitionScript.lua.script,
            right: "if event.has_places and event.returns > 0 then call('ZADD', offers_due, text(now), event.id) end",
            wrong: "", known: 41),
        Mutant(
            script: TransitionScript.lua.script,
            right: "if record.state == 'waiting' then return leave(event, record, units) end",
            wrong: "", known: 41),
        Mutant(
            script: DeleteRecordsScript.lua.script,
            right: " and record.state ~= 'waiting'",
            wrong: "", known: 73),
        Mutant(
            script: BackfillScript.lua.script,
            right: "call('ZADD', waiting, place_score(place.quantity, place.joined_at), place.id)",
            wrong: "", known: 409),
        // Superseded recoveries, and recoveries that continue although they must not.
        Mutant(
            script: AcknowledgeScript.lua.script,
            right: "if ARGV[#ARGV] ~= '' and call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then",
            wrong: "if false then", known: 60),
        Mutant(
            script: WipeScript.lua.script,
            right: "if not is_sealed_with(epoch, token) then return 0 end",
            wrong: "", known: 156),
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
            wrong: "", known: 272),
        Mutant(
            script: BackfillScript.lua.script,
            right: "if present[6] == generation and is_intact then return ALREADY_PUBLISHED end",
            wrong: "", known: 506),
        Mutant(
            script: BackfillScript.lua.script,
            right: "call('UNLINK', customers, holds, holders, lapsed, waiting, waiters)",
            wrong: "", known: 112),
        Mutant(
            script: PublishScript.lua.script,
            right: "if token ~= '' and not holds_lease(backfill, token) then return NEEDS_BACKFILL end",
            wrong: "", known: 403),
        Mutant(
            script: PublishScript.lua.script,
            right: "if is_rebuilt then call('SADD', published, id) end",
            wrong: ""),
        Mutant(
            script: EndBackfillScript.lua.script,
            right: "if not holds_lease(backfill, token) or call('SCARD', requested_backfills) > 0 then return 0 end",
            wrong: "", known: 420),
    ]

    /// Mistakes that only a failover shows.
    static let replicationMutants = [
        Mutant(script: ClaimScript.lua.script, right: "or has_replay", wrong: ""),
        Mutant(
            script: TransitionScript.lua.script,
            right: "if has_already and #records == 0 then call('INCRBY', pending_releases, 0) end",
            wrong: ""),
    ]

    @Test(arguments: replicationMutants) func theSimulatorDetectsAnAcknowledgementWithoutAWrite(
        mutant: Mutant
    ) async throws {
        try #require(mutant.script.source.contains(mutant.right), "the script has changed")
        let source = mutant.script.source.replacing(mutant.right, with: mutant.wrong)
        let wrong = RedisScript(name: mutant.script.name, source: Array(source.utf8))
        let isDetected = try await onOwnThread(.two) {
            try Self.isDetected { $0.mutants = [mutant.script.name: wrong] }
        }
        #expect(isDetected, "\(mutant) was not detected")
    }

    /// A guard of the programs that is missing, and the runs that show it.
    struct MissingGuard: Sendable, CustomStringConvertible {
        var description: String
        /// The remainder of the seeds modulo 16.
        var seeds: UInt64
        var remove: @Sendable (inout Guards) -> Void
    }

    static let missingGuards = [
        MissingGuard(description: "claims do not wait", seeds: 5) { $0.waitsForClaims = false },
        MissingGuard(description: "workers do not wait", seeds: 5) { $0.waitsForTakes = false },
        MissingGuard(description: "the wait is on another connection", seeds: 5) { $0.waitsOnItsConnection = false },
        MissingGuard(description: "claims on a paused primary do not wait", seeds: 6) { $0.waitsForClaims = false },
        MissingGuard(description: "the wait on a paused primary is on another connection", seeds: 6) {
            $0.waitsOnItsConnection = false
        },
        MissingGuard(description: "a worker writes the batch of a replaced primary", seeds: 6) {
            $0.dropsBatchOfReplacedPrimary = false
        },
        MissingGuard(description: "the pass has no replication id", seeds: 6) { $0.comparesReplication = false },
        MissingGuard(description: "a rebuild goes on with other data", seeds: 6) {
            $0.comparesInRebuild = false
        },
        MissingGuard(description: "no guard key", seeds: 14) { $0.declaresGuardKey = false },
        MissingGuard(description: "no comparison after a move", seeds: 14) { $0.comparesServer = false },
    ]

    @Test(arguments: missingGuards) func theSimulatorDetectsAMissingGuard(_ missing: MissingGuard) async throws {
        let isDetected = try await onOwnThread(.two) {
            try Self.isDetected(seeds: missing.seeds) { missing.remove(&$0.guards) }
        }
        #expect(isDetected, "not detected: \(missing)")
    }

    /// Whether a run with failovers, or with a moving slot, of a simulation that `change` has changed violates an invariant.
    ///
    /// - Parameter remainder: the remainder of the seeds modulo 16.
    private static func isDetected(seeds remainder: UInt64 = 5, _ change: (Simulation) -> Void) throws -> Bool {
        let interpreter = try LuaInterpreter()
        for number in 0..<1500 {
            let simulation = Simulation(seed: UInt64(16 * number) + remainder, interpreter: interpreter)
            change(simulation)
            do { try simulation.run(steps: 120) } catch is Violation { return true }
        }
        return false
    }

    @Test(arguments: selected ?? mutants) func theSimulatorDetectsAMutant(mutant: Mutant) async throws {
        try #require(mutant.script.source.contains(mutant.right), "the script has changed")
        let isDetected = try await onOwnThread(.two) { try Self.isDetected(mutant) }
        #expect(isDetected, "\(mutant) was not detected")
    }

    private static func isDetected(_ mutant: Mutant) throws -> Bool {
        let source = mutant.script.source.replacing(mutant.right, with: mutant.wrong)
        let wrong = RedisScript(name: mutant.script.name, source: Array(source.utf8))
        let interpreter = try LuaInterpreter()
        // Every fourth seed loses data of Redis. Mistakes of recoveries need these seeds, and runs that are long enough
        // for a recovery with all its interruptions.
        for number in [mutant.known] + (0..<3200) {
            let seed = number < 400 ? number : number * 4 + (mutant.needsLoss ? 0 : 3)
            let simulation = Simulation(seed: UInt64(seed), interpreter: interpreter)
            simulation.mutants = [mutant.script.name: wrong]
            do { try simulation.run(steps: number < 400 ? 60 : 160) } catch is Violation {
                if number >= 40, number != mutant.known { print("known: \(number) for \(mutant)") }
                return true
            }
        }
        return false
    }
}
