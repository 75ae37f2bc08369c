/// The figures of a run with a waiting room, as the JSON report has them.
struct RoomFigures: Encodable, Hashable, Sendable {
    var people, joined, lobby, admitted, gave_up, bought, units, unused_passes, requests: Int
    /// Of the places that were given before the opening.
    var joins_per_second: Double?
    /// The time from the opening until the first person saw a rank.
    var drawn_after_seconds: Double?
    var admission_rate: Int
    /// In the longest time in which admission did not stand still.
    var admitted_per_second: Double?
    /// The time from joining until the pass arrived.
    var waited_seconds: Percentiles?
    /// How long admission stood still while people waited, by reason.
    var stood_still_seconds: [String: Double]

    init(_ evidence: RoomEvidence, samples: [RoomWatch.Sample], requests: Int, drawn: Double?) {
        let visits = evidence.visits
        people = visits.count
        joined = visits.count { $0.number > 0 }
        let size = evidence.draw?.lobby ?? 0
        lobby = size
        admitted = samples.last?.admitted ?? 0
        gave_up = visits.count { $0.marks.contains(.gaveUp) }
        bought = visits.count { $0.units > 0 }
        units = visits.reduce(0) { $0 + Int($1.units) }
        unused_passes = max(0, admitted - bought)
        self.requests = requests
        drawn_after_seconds = drawn
        admission_rate = evidence.rate
        let early = visits.filter { $0.number > 0 && $0.number <= size }.map(\.joinedAt)
        if let first = early.min(), let last = early.max(), last > first {
            joins_per_second = Double(early.count) * 1000 / Double(last - first)
        }
        waited_seconds = Percentiles(visits.filter { $0.seenAt > 0 }.map { Double($0.seenAt - $0.joinedAt) / 1000 })
        admitted_per_second = Self.rate(samples)
        stood_still_seconds = Self.stops(samples)
    }

    /// People a second in the longest row of samples of a room that admitted people.
    static func rate(_ samples: [RoomWatch.Sample]) -> Double? {
        let longest = samples.split { !$0.isAdmitting }.max { $0.count < $1.count }
        guard let first = longest?.first, let last = longest?.last, last.at > first.at else { return nil }
        return Double(last.admitted - first.admitted) * 1000 / Double(last.at - first.at)
    }

    private static func stops(_ samples: [RoomWatch.Sample]) -> [String: Double] {
        var stops: [String: Double] = [:]
        for (one, next) in zip(samples, samples.dropFirst()) {
            guard let reason = one.reason, reason != "not_open" else { continue }
            stops[reason, default: 0] += Double(next.at - one.at) / 1000
        }
        return stops
    }

    /// The lines of the report, before those of the purchases.
    var lines: [(String, String)] {
        func number(_ value: Double?, _ digits: Int) -> String { value.map { Report.number($0, digits) } ?? "-" }
        let stops = stood_still_seconds.sorted { $0.key < $1.key }.map { "\(number($0.value, 1)) s \($0.key)" }
        return [
            ("people", "\(people), of whom \(joined) joined and \(gave_up) gave up"),
            ("joins/s", number(joins_per_second, 0)),
            ("lobby", "\(lobby) places, drawn \(number(drawn_after_seconds, 1)) s after the opening"),
            (
                "admitted",
                "\(admitted), \(number(admitted_per_second, 1))/s of \(admission_rate)"
                    + (stops.isEmpty ? "" : "; stood still: \(stops.joined(separator: ", "))")
            ),
            ("waited, s", waited_seconds?.text ?? "-"),
            ("bought", "\(bought) people, \(units) units; \(unused_passes) passes were not used"),
            ("requests", "\(requests)"),
        ]
    }
}

/// Percentiles of values.
struct Percentiles: Codable, Hashable, Sendable {
    var p50, p90, p99, max: Double

    /// Nil without values.
    init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let last = sorted.last else { return nil }
        func value(_ percent: Double) -> Double {
            sorted[Swift.max(0, Int((Double(sorted.count) * percent / 100).rounded(.up)) - 1)]
        }
        (p50, p90, p99, max) = (value(50), value(90), value(99), last)
    }

    var text: String {
        zip(["p50", "p90", "p99", "max"], [p50, p90, p99, max])
            .map { "\($0) \(Report.number($1, 1))" }.joined(separator: "  ")
    }
}
