import ArgumentParser
import Environment

struct AttackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attack", abstract: "Buys from one target and judges it. (This is what runs without a subcommand.)"
    )

    @Option(help: "What to buy from: sale, or a strategy of the lab (naive, row-lock, …; see GET /lab).")
    var target = "sale"

    @Option(help: "The event to buy, where the target is the sale.")
    var event = "demo"

    @Option(help: "Reset the target to so many units first; its orders are gone.")
    var reset: Int?

    @Option(help: "The admin's token, where resetting needs one.")
    var adminToken: String?

    @Option(help: "Where to write the report as JSON.")
    var json: String?

    @OptionGroup(title: "Load")
    var load: LoadOptions

    @OptionGroup(title: "Service")
    var service: ServiceOptions

    func validate() throws {
        guard target == "sale" || load.customers == nil && load.idempotentRetries == 0 else {
            throw ValidationError("--customers and --idempotent-retries are for the real sale only")
        }
        if let reset, reset < 0 { throw ValidationError("--reset must be 0 or more") }
    }

    func run() async throws {
        FileLimit.raise()
        let target: Target = target == "sale" ? .sale(event: event) : .lab(strategy: target)
        let attack = AttackRun(
            target: target, load: load, reset: reset, adminToken: adminToken, service: service,
            progress: service.quiet ? .silent : .standard)
        let report: Report
        do {
            report = try await attack.run()
        } catch {
            throw ExitCode.unjudged("could not judge: \(error)")
        }
        print(report.text)
        if let json { try report.json.write(toFile: json) }
        throw report.verdict.judgement.exitCode
    }
}
