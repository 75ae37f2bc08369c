import Foundation
import Testing

@testable import Shared

/// Thousands of interleavings of the queue's protocol, by the real scripts.
@Suite(.timeLimit(.minutes(5))) struct SimulationTests {
    private static let lanes = 2
    private static let count = ProcessInfo.processInfo.environment["SIMULATIONS"].flatMap { Int($0) } ?? 600
    private static let steps = 60

    @Test(arguments: 0..<lanes) func noInterleavingBreaksAnInvariant(lane: Int) throws {
        let interpreter = try LuaInterpreter()
        let began = ContinuousClock.now
        for seed in stride(from: lane, to: Self.count, by: Self.lanes) {
            let simulation = Simulation(seed: UInt64(seed), interpreter: interpreter)
            do { try simulation.run(steps: Self.steps) } catch let violation as Violation {
                Issue.record("\(violation)")
                return
            }
        }
        print("simulation: \(Self.count / Self.lanes) interleavings in \(ContinuousClock.now - began)")
    }
}
