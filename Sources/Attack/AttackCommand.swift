import ArgumentParser
import Environment

struct AttackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attack", abstract: "Buys from one target and verifies it. (Runs if no subcommand is given.)")

    @Option(
        help: "What to buy from: sale, or a strategy of the lab (naive, row-lock, …; GET /lab lists them).")
    var target = "sale"

    @Option(help: "Event to buy, if the target is sale.")
    var event = "demo"

    @Option(help: "Resets the target to this number of units first; its orders are deleted.")
    var reset: Int?

    @Option(help: "Admin token, if the reset requires it.")
    var adminToken: String?

    @Flag(
        help: """
            Other clients buy from the sale at the same time: judges the tickets of this run only. With --json, the \
            report has what Attack judge needs. Target sale only, not with --reset.
            """)
    var shared = false

    @Option(help: "File for the report as JSON.")
    var json: String?

    @OptionGroup(title: "Load")
    var load: LoadOptions

    @OptionGroup(title: "Waiting rooms and waiting lists")
    var crowd: CrowdOptions

    @OptionGroup(title: "Service")
    var service: ServiceOptions

    func validate() throws {
        let isForSaleOnly =
            load.customers != nil || load.customerToken != nil || load.idempotentRetries > 0
        guard target == "sale" || !isForSaleOnly else {
            throw ValidationError("--customers, --customer-token and --idempotent-retries require the target sale")
        }
        guard !shared || target == "sale" && reset == nil else {
            throw ValidationError("--shared requires the target sale, and excludes --reset")
        }
        if crowd.isUsed {
            let hasOthers = load.rate != nil || isForSaleOnly || shared
            guard target == "sale", !hasOthers else {
                throw ValidationError(
                    "--room and --waitlist exclude --target, --rate, --customers, --customer-token, "
                        + "--idempotent-retries and --shared")
            }
            guard let reset, reset > 0, adminToken != nil else {
                throw ValidationError("--room and --waitlist require --reset, above 0, and --admin-token")
            }
        }
        if let reset, reset < 0 { throw ValidationError("--reset must be 0 or more") }
    }

    func run() async throws {
        FileLimit.raise()
        let target: Target = target == "sale" ? .sale(event: event) : .lab(strategy: target)
        let attack = AttackRun(
            target: target, load: load, reset: reset, adminToken: adminToken, service: service,
            crowdOptions: crowd.isUsed ? crowd : nil, isShared: shared, progress: service.quiet ? .silent : .standard)
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
