import Foundation
import TestSupport
import Testing

/// Several programs Attack that buy from one sale at the same time.
@Suite(.timeLimit(.minutes(10))) struct SharedAttackTests {
    @Test func simultaneousAttacksAreJudgedAloneAndTogether() async throws {
        try await withRunningSale { sale in
            let headers = ["Authorization": "Bearer secret"]
            _ = try await sale.api.send("PUT", "/events/demo", #"{"capacity":60}"#, headers: headers)
            let ledger = ["--database-url", sale.test.settings.databaseURL]
            let directory = try ServerProcess.makeDirectory()
            let files = (0..<2).map { directory.appendingPathComponent("\($0).json").path }
            let runs = try await withThrowingTaskGroup(of: (code: Int32, output: String).self) { group in
                for file in files {
                    group.addTask {
                        try await sale.attack(
                            ["--shared", "--clients", "8", "--duration", "3s", "--quiet", "--json", file] + ledger)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for run in runs {
                #expect(run.code == 0, "\(run.output)")
                #expect(run.output.contains("not judged: whether more units were taken than all clients bought"))
            }
            let judged = try await sale.attack(["judge", "--quiet"] + files + ledger)
            #expect(judged.code == 0, "\(judged.output)")
            #expect(judged.output.contains("every invariant holds (60 tickets followed, ledger rows compared)"))

            _ = try await sale.api.send("PUT", "/events/demo", #"{"capacity":61}"#, headers: headers)
            #expect(try await sale.api.send("POST", "/buy").status == 202)
            let stranger = try await sale.attack(["judge", "--quiet"] + files)
            #expect(stranger.code == 1, "a purchase that is in no report: \(stranger.output)")
            #expect(stranger.output.contains("61 units are taken, but only 60 were acknowledged"))
        }
    }

    @Test func aReportWithoutPurchasesHasNoVerdict() async throws {
        let file = try ServerProcess.makeDirectory().appendingPathComponent("report.json")
        try Data(#"{"verdict":"holds"}"#.utf8).write(to: file)
        let run = try Run("Attack", ["judge", file.path], [:])
        #expect(try await run.exitCode(within: 120) == 2)
        #expect(run.output.contains("has no purchases: run Attack with --shared"))
    }
}
