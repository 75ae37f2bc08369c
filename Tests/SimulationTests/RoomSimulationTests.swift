import TestSupport
import Testing

@testable import RedisClient
@testable import RedisSchema

/// Hundreds of interleavings of a waiting room, with the real scripts.
@Suite(.timeLimit(.minutes(30))) struct RoomSimulationTests {
    private static let count = 200

    private static func firstViolation(_ mutants: [String: RedisScript] = [:]) throws -> Violation? {
        let interpreter = try LuaInterpreter()
        for seed in 0..<count {
            let simulation = RoomSimulation(seed: UInt64(seed), interpreter: interpreter)
            simulation.mutants = mutants
            do { try simulation.run(steps: 300) } catch let violation as Violation { return violation }
        }
        return nil
    }

    @Test func noInterleavingViolatesAnInvariant() async throws {
        let violation = try await onOwnThread(.two) { try Self.firstViolation() }
        if let violation { Issue.record("\(violation)") }
    }

    struct Mutant: Sendable, CustomTestStringConvertible {
        var script: RedisScript
        var right: String
        var wrong: String

        var testDescription: String { "\(script.name): \(right)" }
    }

    private static let mutants = [
        Mutant(script: JoinScript.lua.script, right: "if room.last >= room.numbers_until then", wrong: "if false then"),
        Mutant(
            script: JoinScript.lua.script, right: "if known and known ~= joins.former[i] then", wrong: "if false then"),
        Mutant(
            script: AdmitScript.lua.script, right: "room.admitted_until - room.admitted)", wrong: "room.last)"),
        Mutant(
            script: AdmitScript.lua.script, right: "(now - room.admitted_at) * room.rate",
            wrong: "2 * (now - room.admitted_at) * room.rate"),
        Mutant(script: AdmitScript.lua.script, right: "tonumber(at) > now", wrong: "tonumber(at) > now + 5000"),
        Mutant(script: ClaimScript.lua.script, right: "if tonumber(pass.ends) <= now then", wrong: "if false then"),
        Mutant(script: ClaimScript.lua.script, right: "event.outstanding - 1", wrong: "event.outstanding"),
        Mutant(script: ClaimScript.lua.script, right: "event.pass_units[pass.number] or 0", wrong: "0"),
        Mutant(
            script: PublishScript.lua.script, right: "'last', text(numbers_until)", wrong: "'last', '0'"),
        Mutant(
            script: PublishScript.lua.script, right: "'admitted', text(admitted)", wrong: "'admitted', '0'"),
        Mutant(
            script: PublishScript.lua.script, right: "math.min(admitted_until, numbers_until)", wrong: "admitted_until"),
        Mutant(
            script: PublishScript.lua.script, right: "math.min(ended_until, admitted)",
            wrong: "math.max(0, admitted_until - admission_rate * pass_seconds)"),
        Mutant(
            script: ClaimScript.lua.script,
            right: "if number <= event.uncertain_from or number > event.uncertain_until",
            wrong: "if true"),
        Mutant(
            script: AdmitScript.lua.script, right: "and room.last or room.uncertain_from",
            wrong: "and room.last or room.last"),
        Mutant(
            script: AdmitScript.lua.script, right: "return rank - in_lobby - math.max(",
            wrong: "return rank - math.min("),
        Mutant(
            script: PublishScript.lua.script, right: "'outstanding', text(outstanding)",
            wrong: "'outstanding', text(admitted - from)"),
        Mutant(
            script: AdmitScript.lua.script, right: "until_rank = tonumber(from)", wrong: "until_rank = room.admitted"),
    ]

    /// Each mistake is found.
    @Test(arguments: mutants) func aMistakeIsFound(mutant: Mutant) async throws {
        try #require(mutant.script.source.contains(mutant.right), "the script has changed")
        let wrong = mutant.script.source.replacing(mutant.right, with: mutant.wrong)
        let script = RedisScript(name: mutant.script.name, source: Array(wrong.utf8))
        let violation = try await onOwnThread(.two) { try Self.firstViolation([script.name: script]) }
        #expect(violation != nil)
    }
}
