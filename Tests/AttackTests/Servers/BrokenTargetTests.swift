import Foundation
import TestSupport
import Testing

/// The program Attack against sales with one flaw each.
@Suite(.timeLimit(.minutes(10))) struct BrokenTargetTests {
    private static let findings: [(Flaw, Int32, String)] = [
        (.none, 0, "every invariant holds"),
        (.oversells, 1, "oversold: 23 of 20 units are sold"),
        (.losesTickets, 1, "1 ticket acknowledged and lost"),
        (.rejectsTickets, 1, "1 ticket acknowledged and then rejected"),
        (.givesATicketTwice, 1, "1 ticket returned for two purchases"),
        (.forgetsKeys, 1, "from one Idempotency-Key with two outcomes"),
        (.takesStockWithoutATicket, 1, "20 units are taken, but only 19 were acknowledged"),
        (.miscounts, 1, "the units do not add up: 1 available + 20 taken = 21"),
        (.changesQuantities, 1, "1 ticket with another quantity than the purchase"),
        (.neverSettles, 2, "20 tickets still in flight at the deadline"),
    ]

    @Test(arguments: findings)
    func aFlawIsDetected(flaw: Flaw, code: Int32, line: String) async throws {
        try await BrokenSale(flaw).serve { port in
            let run = try Run(
                "Attack",
                [
                    "--url", "http://127.0.0.1:\(port)", "--duration", "4s", "--clients", "4", "--reset", "20",
                    "--settle", "500ms", "--quiet", "--idempotent-retries", flaw == .forgetsKeys ? "1" : "0",
                ], [:])
            #expect(try await run.exitCode(within: 120) == code, "\(run.output)")
            #expect(run.output.contains(line), "\(run.output)")
        }
    }

    /// Each flaw has an expected finding.
    @Test func everyFlawHasAnExpectedFinding() {
        #expect(Set(Self.findings.map(\.0)) == Set(Flaw.allCases))
    }

    @Test func aTargetThatCannotBeReachedHasNoVerdict() async throws {
        let run = try Run("Attack", ["--url", "http://127.0.0.1:\(try freePort())", "--duration", "100ms"], [:])
        #expect(try await run.exitCode(within: 120) == 2)
        #expect(run.output.contains("could not judge"))
    }

    @Test(arguments: [
        ["--clients", "0"], ["--duration", "soon"], ["--rate", "-1"], ["--quantity", "0"],
        ["--target", "naive", "--customers", "3"],
        ["--target", "naive", "--shared"], ["--shared", "--reset", "10"], ["judge"],
        ["lab", "--clients", "0"],
    ])
    func invalidArgumentsAreRefused(arguments: [String]) async throws {
        let run = try Run("Attack", arguments, [:])
        #expect(try await run.exitCode(within: 120) == 64, "\(run.output)")
        #expect(run.output.contains("Error:"))
    }
}
