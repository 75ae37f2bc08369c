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

    /// In a process of its own. It is no exit test of Swift Testing: that waits for any child process, and does not end if
    /// it finds one that another test started and Foundation has not waited for.
    @Test(.timeLimit(.minutes(10))) func aCrashNamesItsSeed() async throws {
        let run = try Run(
            URL(fileURLWithPath: CommandLine.arguments[0]),
            ["--testing-library", "swift-testing", "--filter", "FuzzReportTests.aFuzzThatCrashes"],
            [Self.crashes: "yes", "SWIFT_BACKTRACE": "enable=no"])
        #expect(try await run.exitCode(within: 300) != 0)
        #expect(run.output.contains("fuzz: crash: the process crashed with FUZZ_SEED=42\n"), "\(run.output)")
    }

    private static let crashes = "FUZZ_CRASHES"

    @Test(.enabled(if: ProcessInfo.processInfo.environment[crashes] != nil)) func aFuzzThatCrashes() async throws {
        try await fuzz("crash", inputs: 100, environment: [:]) { input in
            if input.seed == 42 { fatalError("crashed") }
        }
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
