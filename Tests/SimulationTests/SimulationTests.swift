import Foundation
import TestSupport
import Testing

/// Thousands of interleavings of the queue protocol, with the real scripts.
@Suite(.timeLimit(.minutes(30))) struct SimulationTests {
    private static let lanes = 2
    private static let count = ProcessInfo.processInfo.environment["SIMULATIONS"].flatMap { Int($0) } ?? 2500
    /// Most runs are short because most mistakes are detected early; every eighth run is long. Every eighth
    /// has a paused primary or a slot that moves, which take some steps; every sixteenth has a waiting list, and
    /// every eighth a waiting room.
    private static func steps(_ seed: Int) -> Int {
        seed % 16 < 2 ? 80 : seed % 16 == 9 || [3, 12, 13, 28].contains(seed % 32) ? 50 : seed % 8 == 6 ? 30 : 12
    }

    @Test(arguments: 0..<lanes) func noInterleavingViolatesAnInvariant(lane: Int) async throws {
        let violation = try await onOwnThread(.two) { try Self.firstViolation(lane: lane) }
        if let violation { Issue.record("\(violation)") }
    }

    private static func firstViolation(lane: Int) throws -> Violation? {
        let interpreter = try LuaInterpreter()
        let began = ContinuousClock.now
        for seed in stride(from: lane, to: count, by: lanes) {
            let simulation = Simulation(seed: UInt64(seed), interpreter: interpreter)
            do { try simulation.run(steps: steps(seed)) } catch is Violation {
                // Runs the seed again with a trace.
                let again = Simulation(seed: UInt64(seed), interpreter: interpreter)
                again.isTracing = true
                do { try again.run(steps: steps(seed)) } catch let violation as Violation { return violation }
                return Violation(seed: UInt64(seed), text: "the violation cannot be reproduced", trace: [])
            }
        }
        print("simulation: \(count / lanes) interleavings in \(ContinuousClock.now - began)")
        return nil
    }
}
