import Foundation
import TestSupport
import Testing

/// Crowds in waiting rooms and on waiting lists of the real sale.
@Suite(.timeLimit(.minutes(10))) struct CrowdTests {
    private static let room = [
        "--room", "--event", "gala", "--admin-token", "secret", "--reset", "30", "--people", "90", "--admission-rate",
        "20", "--pass-seconds", "20", "--opens-in", "4s", "--greedy", "20", "--lapse", "10", "--quiet",
    ]
    private static let list = [
        "--waitlist", "--event", "opera", "--admin-token", "secret", "--reset", "40", "--people", "120", "--quantity",
        "4", "--duration", "15s", "--cancel", "50", "--give-up", "15", "--lapse", "10", "--walk-in", "20", "--quiet",
    ]

    private func json(_ arguments: [String], _ sale: RunningSale) async throws -> (
        code: Int32, output: String, report: [String: Any]
    ) {
        let file = try ServerProcess.makeDirectory().appendingPathComponent("report.json")
        let run = try await sale.attack(
            arguments + ["--database-url", sale.test.settings.databaseURL, "--json", file.path], within: 240)
        let report = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        return (run.code, run.output, try #require(report))
    }

    /// Runs Attack while a script of Redis is repeated, after a time, that does what a broken service would do.
    private func attack(
        _ arguments: [String], _ sale: RunningSale, while script: String
    ) async throws -> (code: Int32, output: String) {
        let tampering = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .seconds(1))
                _ = try await sale.test.redis("EVAL", script, "0")
            }
        }
        let run = try await sale.attack(arguments, within: 240)
        tampering.cancel()
        return run
    }

    @Test func aRoomThatKeepsItsPromisesHolds() async throws {
        try await withRunningSale { sale in
            let run = try await json(Self.room, sale)
            #expect(run.code == 0, "\(run.output)")
            #expect(run.output.contains("every invariant holds"), "\(run.output)")
            let room = try #require(run.report["room"] as? [String: Any])
            let figures = room.compactMapValues { $0 as? Int }
            #expect((1...90).contains(figures["lobby"] ?? 0))
            let units = figures["units"] ?? 0
            #expect((figures["joined"] ?? 0) >= figures["bought"] ?? 0)
            #expect((1...30).contains(units))
            #expect(figures["bought"] ?? 0 <= units)
            #expect(figures["admitted"] ?? 0 >= figures["bought"] ?? 0)
            #expect(
                try await sale.test.sql("SELECT sum(quantity) FROM orders WHERE status = 'confirmed'") == "\(units)")
        }
    }

    /// Ranks that are admitted without their passes.
    @Test func aRoomThatSkipsPeopleIsBroken() async throws {
        try await withRunningSale { sale in
            let run = try await attack(
                [
                    "--room", "--event", "gala", "--admin-token", "secret", "--reset", "80", "--people", "150",
                    "--admission-rate", "10", "--pass-seconds", "30", "--opens-in", "4s", "--give-up", "0", "--quiet",
                ], sale,
                while: """
                    for _, key in ipairs(redis.call('KEYS', '*:room:gala')) do
                      if tonumber(redis.call('HGET', key, 'admitted')) > 0 then redis.call('HINCRBY', key, 'admitted', 4) end
                    end
                    """)
            #expect(run.code == 1, "\(run.output)")
            #expect(run.output.contains("people lost their turn"), "\(run.output)")
        }
    }

    @Test func aListThatKeepsItsPromisesHolds() async throws {
        try await withRunningSale { sale in
            let run = try await json(Self.list, sale)
            #expect(run.code == 0, "\(run.output)")
            #expect(run.output.contains("every invariant holds"), "\(run.output)")
            let list = try #require(run.report["waitlist"] as? [String: Any])
            let figures = list.compactMapValues { $0 as? Int }
            #expect(figures["people"] == 120)
            #expect(figures["places"] ?? 0 > 0)
            #expect(figures["offers"] ?? 0 > 0)
            #expect(figures["accepted_offers"] ?? 0 > 0)
            #expect(
                try await sale.test.sql(
                    "SELECT coalesce(sum(quantity), 0) <= 40 FROM orders WHERE status IN ('confirmed', 'held')") == "t")
        }
    }

    /// The first places of the list never get an offer.
    @Test func aListThatForgetsPlacesIsBroken() async throws {
        try await withRunningSale { sale in
            let run = try await attack(
                Self.list, sale,
                while: """
                    for _, key in ipairs(redis.call('KEYS', '*:waiting:opera')) do
                      if redis.call('TYPE', key).ok == 'zset' then redis.call('ZPOPMIN', key) end
                    end
                    """)
            #expect(run.code == 1, "\(run.output)")
            #expect(run.output.contains("offers passed over a place"), "\(run.output)")
        }
    }

    @Test(arguments: [
        ["--room"], ["--room", "--reset", "10"], ["--room", "--admin-token", "secret"],
        ["--room", "--waitlist", "--reset", "10", "--admin-token", "secret"],
        ["--room", "--reset", "10", "--admin-token", "secret", "--shared"],
        ["--room", "--reset", "10", "--admin-token", "secret", "--rate", "5"],
        ["--room", "--reset", "10", "--admin-token", "secret", "--target", "naive"],
        ["--waitlist", "--reset", "0", "--admin-token", "secret"], ["--people", "0"], ["--late", "101"],
        ["--pass-seconds", "9"], ["--offer-seconds", "9"], ["--admission-rate", "0"],
        ["--give-up", "60", "--lapse", "41"],
    ])
    func invalidArgumentsAreRefused(arguments: [String]) async throws {
        let run = try Run("Attack", arguments, [:])
        #expect(try await run.exitCode(within: 120) == 64, "\(run.output)")
        #expect(run.output.contains("Error:"))
    }
}
