import Foundation
import TestSupport
import Testing

/// A failure names the seed of its input.
@Suite struct FuzzReportTests {
    @Test func aFailureNamesItsSeed() async throws {
        let failure = await #expect(throws: FuzzFailure.self) {
            try await fuzz("odd", inputs: 100, environment: [:]) { input in try require(input.seed != 42, "it is 42") }
        }
        #expect(failure?.description == "FUZZ_SEED=42: it is 42")
    }

    @Test func aCrashNamesItsSeed() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try await fuzz("crash", inputs: 100, environment: [:]) { input in
                if input.seed == 42 { fatalError("crashed") }
            }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("fuzz: crash: the process crashed with FUZZ_SEED=42\n"))
    }

    @Test func aSeedMakesTheSameInput() {
        func choices(_ seed: UInt64) -> [String] {
            var input = FuzzInput(seed: seed)
            return [
                "\(input.int(-5...5))", "\(input.edge(0...1000))", input.text(upTo: 9), "\(input.bytes(upTo: 9))",
                "\(input.mutated([1, 2, 3]))", "\(input.pieces(of: [1, 2, 3]))",
            ]
        }
        #expect(choices(7) == choices(7))
        #expect(Set((1...100).map(choices)).count > 90)
    }
}
