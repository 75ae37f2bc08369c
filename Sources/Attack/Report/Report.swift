import Foundation
import Histogram

/// What came of an attack.
struct Report: Sendable {
    /// Percentiles of all requests that were answered or given up, in milliseconds.
    struct Latency: Codable, Hashable, Sendable {
        var p50_ms, p90_ms, p99_ms, p999_ms, max_ms: Double

        init(_ histogram: Histogram<UInt32>) {
            func value(_ percentile: Double) -> Double {
                histogram.totalCount == 0 ? 0 : Double(histogram.valueAtPercentile(percentile)) / 1000
            }
            p50_ms = value(50)
            p90_ms = value(90)
            p99_ms = value(99)
            p999_ms = value(99.9)
            max_ms = histogram.totalCount == 0 ? 0 : Double(histogram.max) / 1000
        }
    }

    var target: String
    var url: String
    var plan: String
    var record: Record
    var seconds: Double
    /// From the start of the load until the last acceptance.
    var soldInSeconds: Double?
    var latency: Latency
    var before: Account
    var after: Account
    var verdict: Verdict
    var isLookedUpInLedger: Bool

    init(
        attack: AttackRun, record: Record, elapsed: Duration, start: ContinuousClock.Instant, before: Account,
        after: Account, verdict: Verdict
    ) {
        target = attack.target.description
        url = attack.service.url
        plan = attack.plan
        self.record = record
        seconds = elapsed.seconds
        soldInSeconds = record.lastAccepted.map { ($0 - start).seconds }
        latency = Latency(record.latencies)
        self.before = before
        self.after = after
        self.verdict = verdict
        isLookedUpInLedger = attack.service.databaseURL != nil && attack.target.event != nil
    }

    var requestsPerSecond: Double { seconds > 0 ? Double(record.answered) / seconds : 0 }

    var text: String {
        var lines: [(String, String)] = [
            ("accepted", "\(record.accepted) (\(record.acceptedUnits) units)"), ("sold out", "\(record.soldOut)"),
        ]
        for (code, count) in record.errors.sorted(by: { $0.key < $1.key }) { lines.append((code, "\(count)")) }
        if record.dropped > 0 { lines.append(("dropped, not sent", "\(record.dropped)")) }
        if record.retries > 0 { lines.append(("sent again by key", "\(record.retries)")) }
        lines.append(("requests/s", Self.number(requestsPerSecond, 0)))
        let times = [latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.p999_ms, latency.max_ms]
        let names = ["p50", "p90", "p99", "p99.9", "max"]
        lines.append(("latency, ms", zip(names, times).map { "\($0) \(Self.number($1, 1))" }.joined(separator: "  ")))
        lines.append(
            ("the target says", "\(after.taken) of \(after.capacity) taken, \(after.available) available"))
        let width = (lines.map(\.0.count).max() ?? 0) + 2
        return lines.map { $0.0.padding(toLength: width, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
            + "\n" + verdictText
    }

    private var verdictText: String {
        let looked = isLookedUpInLedger ? ", the ledger's rows among them" : ""
        switch verdict.judgement {
        case .holds: return "verdict: every invariant holds (\(record.tickets.count) tickets followed\(looked))"
        case .broken:
            return "verdict: BROKEN\n" + (verdict.broken + verdict.unjudged).map { "  - \($0)" }.joined(separator: "\n")
        case .unjudged:
            return "verdict: could not be judged\n" + verdict.unjudged.map { "  - \($0)" }.joined(separator: "\n")
        }
    }

    /// A number with so many digits after the point, whatever the locale.
    static func number(_ value: Double, _ digits: Int) -> String {
        value.formatted(
            .number.precision(.fractionLength(digits)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
    }
}
