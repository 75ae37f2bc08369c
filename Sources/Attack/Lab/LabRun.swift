/// The result of one strategy with one number of clients.
struct LabRun: Hashable, Sendable {
    var strategy: String
    var summary: String
    var isExact: Bool
    var clients: Int
    var sold: Int
    var oversold: Int
    var requestsPerSecond: Double
    var soldInSeconds: Double?
    var p99: Double
    var errors: [String: Int]
    var broken: [String]
    var unjudged: [String]
    var attempts = 1

    init(_ strategy: LabStrategies.Strategy, clients: Int, _ report: Report) {
        self.strategy = strategy.name
        summary = strategy.summary
        isExact = strategy.isExact
        self.clients = clients
        sold = report.after.taken
        oversold = report.after.oversold
        requestsPerSecond = report.requestsPerSecond
        soldInSeconds = report.soldInSeconds
        p99 = report.latency.p99_ms
        errors = report.record.errors
        broken = report.verdict.broken
        unjudged = report.verdict.unjudged
    }

    var errorText: String {
        errors.isEmpty ? "-" : errors.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    /// Milliseconds until the last acceptance, or a hyphen if nothing was accepted.
    var soldInText: String { soldInSeconds.map { Report.number($0 * 1000, 0) } ?? "-" }
}
