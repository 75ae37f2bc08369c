import Foundation
import TestSupport
import Testing

/// The k6 scripts.
@Suite(.timeLimit(.minutes(10))) struct K6Tests {
    /// The exit code of k6 if a threshold is crossed.
    private static let crossed: Int32 = 99

    private func k6(_ script: String, _ sale: RunningSale, _ settings: [String: String]) async throws -> (
        code: Int32, output: String
    ) {
        let given = settings.merging(["URL": sale.url]) { $1 }.flatMap { ["-e", "\($0.key)=\($0.value)"] }
        let run = try Run(
            try tool("k6"),
            ["run", "--no-usage-report", "--no-color", "--quiet", "--address", "127.0.0.1:0"] + given
                + [checkout.appendingPathComponent("deploy/k6/\(script)").path], ["HOME": "/tmp"])
        let code = try await run.exitCode(within: 120)
        return (code, run.output)
    }

    @Test func theRealSaleSellsExactlyTheCapacity() async throws {
        try await withRunningSale { sale in
            let run = try await k6("attack.js", sale, ["DURATION": "3s", "CAPACITY": "20"])
            #expect(run.code == 0, "\(run.output)")
            #expect(run.output.contains("/events/demo: 20 of 20 sold"), "\(run.output)")
        }
    }

    /// The naive strategy oversells if two purchases coincide. Almost every run has such a pair.
    @Test func theThresholdsFailIfMoreIsSoldThanExists() async throws {
        try await withRunningSale { sale in
            let naive = ["DURATION": "3s", "CAPACITY": "20", "TARGET": "/lab/naive/buy"]
            var run = try await k6("attack.js", sale, naive)
            for _ in 0..<4 where run.code == 0 {
                run = try await k6("attack.js", sale, naive)
            }
            #expect(run.code == Self.crossed, "\(run.output)")
            #expect(run.output.contains("thresholds on metrics"), "\(run.output)")
            #expect(run.output.contains("tickets_oversold"), "\(run.output)")
            let exact = try await k6("attack.js", sale, naive.merging(["TARGET": "/lab/row-lock/buy"]) { $1 })
            #expect(exact.code == 0, "\(exact.output)")
        }
    }

    @Test func everyTicketIsConfirmed() async throws {
        try await withRunningSale { sale in
            let run = try await k6("onsale.js", sale, ["RATE": "30", "DURATION": "3s", "CAPACITY": "60"])
            #expect(run.code == 0, "\(run.output)")
            #expect(try await sale.test.sql("SELECT count(*) FROM orders WHERE status = 'confirmed'") == "60")
        }
    }
}
