/// A writer for the text format of Prometheus.
struct PrometheusText {
    private(set) var text = ""

    mutating func begin(_ description: MetricDescription) {
        text += "# HELP \(description.name) \(Self.escape(description.help))\n"
        text += "# TYPE \(description.name) \(description.kind.name)\n"
    }

    mutating func add(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.0)=\"\(Self.escape($0.1).replacing("\"", with: "\\\""))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(Self.number(value))\n"
    }

    mutating func add(
        _ name: String, _ labels: [(String, String)], _ bounds: [Double], _ state: HistogramSeries.State
    ) {
        var count: Int64 = 0
        for (bound, bucket) in zip(bounds, state.counts) {
            count += bucket
            add(name + "_bucket", labels + [("le", Self.number(bound))], Double(count))
        }
        let total = state.counts.reduce(0, +)
        add(name + "_bucket", labels + [("le", "+Inf")], Double(total))
        add(name + "_sum", labels, state.sum)
        add(name + "_count", labels, Double(total))
    }

    /// A number; a whole number has no decimal point.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escape(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}
