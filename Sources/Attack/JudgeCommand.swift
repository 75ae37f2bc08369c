import ArgumentParser
import AsyncHTTPClient
import Environment
import Foundation
import TicketBlitzClient

struct JudgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "judge", abstract: "Judges several simultaneous attacks on one sale together.",
        discussion: """
            Run it after the last attack. It follows the tickets of all reports to their final states, and compares what \
            all clients bought with the counters of the event. The exit codes are those of Attack attack.
            """)

    @Argument(help: "Reports that Attack attack --shared --json wrote.")
    var reports: [String]

    @OptionGroup(title: "Service")
    var service: ServiceOptions

    func run() async throws {
        FileLimit.raise()
        let verdict: Verdict
        let purchases: CombinedPurchases
        do {
            purchases = try CombinedPurchases(reports.map(Self.read))
            verdict = try await judge(purchases)
        } catch {
            throw ExitCode.unjudged("could not judge: \(error)")
        }
        print("reports   \(reports.count)")
        print("accepted  \(purchases.record.accepted) (\(purchases.record.acceptedUnits) units)")
        print(
            verdict.text(
                tickets: purchases.record.tickets.count,
                isLookedUpInLedger: service.databaseURL != nil && purchases.rowsBefore != nil))
        throw verdict.judgement.exitCode
    }

    private struct SharedReport: Decodable {
        var purchases: SharedPurchases?
    }

    private static func read(_ path: String) throws -> SharedPurchases {
        let report: SharedReport
        do {
            report = try JSONDecoder().decode(SharedReport.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw ServiceError("\(path) is not a report of Attack: \(error.localizedDescription)")
        }
        guard let purchases = report.purchases else {
            throw ServiceError("\(path) has no purchases: run Attack with --shared")
        }
        return purchases
    }

    private func judge(_ purchases: CombinedPurchases) async throws -> Verdict {
        let http = HTTPClient(configuration: SaleClient.httpConfiguration(connections: Follower.width))
        do {
            let verdict = try await judge(
                purchases, Service(base: service.url, http: http, timeout: service.timeout.duration))
            try await http.shutdown()
            return verdict
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    private func judge(_ purchases: CombinedPurchases, _ api: Service) async throws -> Verdict {
        let target = Target.sale(event: purchases.event)
        let record = purchases.record
        let follower = Follower(api: api, deadline: ContinuousClock.now + service.settle.duration)
        if !service.quiet {
            Progress.lines.say("following \(record.tickets.count) tickets to their final states")
        }
        let endings = await follower.endings(of: record.tickets.map(\.id))
        let after = try await follower.accountAtRest(of: target, isShared: false)
        var evidence = Evidence(
            target: target, record: record,
            before: Account(capacity: after.capacity, available: 0, sold: purchases.takenBefore), after: after,
            endings: endings)
        if let databaseURL = service.databaseURL, let before = purchases.rowsBefore {
            let rows = try LedgerRows(databaseURL: databaseURL)
            evidence.rows = try await rows.evidence(of: record.tickets, event: purchases.event, before: before)
            await rows.close()
        }
        return Verdict(evidence)
    }
}
