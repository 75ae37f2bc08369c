import Foundation
import Histogram

/// The result of an attack.
struct Report: Sendable {
    /// Latency percentiles of all requests, answered or given up, in milliseconds.
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
    /// The time from the start of the load to the last acceptance; nil if nothing was accepted.
    var soldInSeconds: Double?
    var latency: Latency
    var before: Account
    /// The ledger's totals before the attack; nil if it was not read.
    var rowsBefore: RowTotals?
    var after: Account
    var verdict: Verdict
    var isLookedUpInLedger: Bool
    /// What a crowd has seen; nil without one.
    var crowd: CrowdFigures?
    /// The event, if other clients bought it at the same time.
    var sharedEvent: String?

    init(
        attack: AttackRun, record: Record, elapsed: Duration, start: ContinuousClock.Instant, before: Account,
        rowsBefore: RowTotals?, after: Account, verdict: Verdict, crowd: CrowdFigures? = nil
    ) {
        target = attack.target.description
        url = attack.service.url
        plan = attack.plan
        self.record = record
        seconds = elapsed.seconds
        soldInSeconds = record.lastAccepted.map { ($0 - start).seconds }
        latency = Latency(record.latencies)
        self.before = before
        self.rowsBefore = rowsBefore
        self.after = after
        self.verdict = verdict
        self.crowd = crowd
        sharedEvent = attack.isShared ? attack.target.event : nil
        isLookedUpInLedger = attack.service.databaseURL != nil && attack.target.event != nil
    }

    var requestsPerSecond: Double { seconds > 0 ? Double(record.answered) / seconds : 0 }

    /// A number with a fixed number of digits after the point, independent of the locale.
    static func number(_ value: Double, _ digits: Int) -> String {
        value.formatted(
            .number.precision(.fractionLength(digits)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
    }
}
