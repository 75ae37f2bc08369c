import Foundation

extension Report {
    /// The report for a terminal.
    var text: String {
        var lines = crowd?.lines ?? []
        lines += [
            ("accepted", "\(record.accepted) (\(record.acceptedUnits) units)"), ("sold out", "\(record.soldOut)"),
        ]
        for (code, count) in record.errors.sorted(by: { $0.key < $1.key }) { lines.append((code, "\(count)")) }
        if record.dropped > 0 { lines.append(("dropped, not sent", "\(record.dropped)")) }
        if record.retries > 0 { lines.append(("repeated with key", "\(record.retries)")) }
        lines.append((crowd == nil ? "requests/s" : "purchases/s", Self.number(requestsPerSecond, 0)))
        let times = [latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.p999_ms, latency.max_ms]
        let names = ["p50", "p90", "p99", "p99.9", "max"]
        lines.append(("latency, ms", zip(names, times).map { "\($0) \(Self.number($1, 1))" }.joined(separator: "  ")))
        lines.append(
            ("target counters", "\(after.taken) of \(after.capacity) taken, \(after.available) available"))
        let width = (lines.map(\.0.count).max() ?? 0) + 2
        return lines.map { $0.0.padding(toLength: width, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
            + "\n" + verdict.text(tickets: record.tickets.count, isLookedUpInLedger: isLookedUpInLedger)
    }
}
