import ArgumentParser
import AsyncHTTPClient
import Environment
import Foundation
import TicketBlitzClient

struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Attacks every strategy of the lab and compares the results.",
        discussion: """
            Exit code 0: the naive strategy oversold, and every exact strategy sold exactly the capacity. 1: an exact \
            strategy did not. 2: neither could be shown.
            """)

    @Option(
        parsing: .upToNextOption,
        help: "One or more numbers of clients, 1 to 10,000; each strategy is attacked with each number.")
    var clients = [10, 200]

    @Option(help: "How long to buy in each run.")
    var duration = TimeSpan(.seconds(5))

    @Option(help: "Units for sale.")
    var capacity = 100

    @Option(help: "How often to try until the naive strategy oversells.")
    var tries = 5

    @Option(help: "File for the report as an HTML page.")
    var html: String?

    @OptionGroup(title: "Service")
    var service: ServiceOptions

    func validate() throws {
        guard !clients.isEmpty, clients.allSatisfy({ (1...10_000).contains($0) }) else {
            throw ValidationError("--clients must be one or more numbers from 1 to 10000")
        }
        guard capacity > 0, tries > 0 else { throw ValidationError("--capacity and --tries must be 1 or more") }
    }

    func run() async throws {
        FileLimit.raise()
        let result: LabResult
        do {
            result = try await measure()
        } catch {
            throw ExitCode.unjudged("could not judge: \(error)")
        }
        print(result.table)
        if let html { try Data(LabPage(result).html.utf8).write(toFile: html) }
        throw result.judgement.exitCode
    }

    private func measure() async throws -> LabResult {
        let strategies = try await strategies()
        var result = LabResult(capacity: capacity, seconds: duration.description)
        for count in clients {
            for strategy in strategies {
                var (attempt, run) = (1, try await attack(strategy, clients: count))
                while strategy.name == "naive", run.oversold == 0, attempt < tries {
                    print("naive with \(count) clients did not oversell; trying again (attempt \(attempt) of \(tries))")
                    (attempt, run) = (attempt + 1, try await attack(strategy, clients: count))
                }
                run.attempts = attempt
                result.runs.append(run)
            }
        }
        return result
    }

    private func attack(_ strategy: LabStrategies.Strategy, clients: Int) async throws -> LabRun {
        let load = try LoadOptions.parse(["--clients", "\(clients)", "--duration", "\(duration.duration.seconds)s"])
        let attack = AttackRun(
            target: .lab(strategy: strategy.name), load: load, reset: capacity, adminToken: nil, service: service,
            progress: .silent)
        if !service.quiet { Progress.lines.say("\(strategy.name), \(clients) clients") }
        return LabRun(strategy, clients: clients, try await attack.run())
    }

    private func strategies() async throws -> [LabStrategies.Strategy] {
        let http = HTTPClient(configuration: SaleClient.httpConfiguration(connections: 1))
        let service = Service(base: service.url, http: http, timeout: service.timeout.duration)
        do {
            let strategies = try await LabStrategies.of(service)
            try await http.shutdown()
            return strategies
        } catch {
            try? await http.shutdown()
            throw error
        }
    }
}
