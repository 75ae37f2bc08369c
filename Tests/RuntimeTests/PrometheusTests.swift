import Metrics
import Testing

@testable import Runtime

struct PrometheusTests {
    private func lines(_ registry: PrometheusRegistry, _ readings: [MetricReading] = []) -> [Substring] {
        registry.text(with: readings).split(separator: "\n")
    }

    @Test func aCounterHasOneSeriesPerLabelValue() {
        let registry = PrometheusRegistry()
        let name = "ticketblitz_claims_total"
        registry.makeCounter(label: name, dimensions: [("outcome", "a")]).increment(by: 2)
        registry.makeCounter(label: name, dimensions: [("outcome", "b")]).increment(by: 1)
        registry.makeCounter(label: name, dimensions: [("outcome", "a")]).increment(by: 3)
        #expect(
            lines(registry) == [
                "# HELP ticketblitz_claims_total Purchases by outcome and reason.",
                "# TYPE ticketblitz_claims_total counter", #"ticketblitz_claims_total{outcome="a"} 5"#,
                #"ticketblitz_claims_total{outcome="b"} 1"#,
            ])
    }

    /// Buckets are cumulative; the last one counts all values.
    @Test func theBucketsOfAHistogramAreCumulative() {
        let registry = PrometheusRegistry()
        let recorder = registry.makeRecorder(label: "ticketblitz_batch_size", dimensions: [], aggregate: true)
        for size in [1, 2, 3, 20_000] as [Int64] { recorder.record(size) }
        let text = lines(registry)
        for line in [
            #"ticketblitz_batch_size_bucket{le="1"} 1"#, #"ticketblitz_batch_size_bucket{le="2"} 2"#,
            #"ticketblitz_batch_size_bucket{le="4"} 3"#, #"ticketblitz_batch_size_bucket{le="10000"} 3"#,
            #"ticketblitz_batch_size_bucket{le="+Inf"} 4"#, "ticketblitz_batch_size_sum 20006",
            "ticketblitz_batch_size_count 4",
        ] { #expect(text.contains(line[...])) }
        let timer = registry.makeTimer(label: "ticketblitz_claim_duration_seconds", dimensions: [])
        timer.recordNanoseconds(3_000_000)
        #expect(lines(registry).contains(#"ticketblitz_claim_duration_seconds_bucket{le="0.005"} 1"#))
        #expect(lines(registry).contains(#"ticketblitz_claim_duration_seconds_bucket{le="0.002"} 0"#))
    }

    @Test func aMetricWithoutADescriptionIsNotExported() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "something_else_total", dimensions: []).increment(by: 1)
        // Nor is a metric of another type than its description.
        registry.makeCounter(label: "ticketblitz_batch_size", dimensions: []).increment(by: 1)
        #expect(lines(registry).isEmpty)
    }

    @Test func labelsAreEscaped() {
        let reading = MetricReading("ticketblitz_build_info", 1, labels: [("version", "a\"b\\c\nd")])
        #expect(lines(PrometheusRegistry(), [reading]).last == #"ticketblitz_build_info{version="a\"b\\c\nd"} 1"#)
    }

    @Test func readingsAndGaugesAreExported() {
        let registry = PrometheusRegistry()
        let meter = registry.makeMeter(label: "ticketblitz_http_connections", dimensions: [])
        meter.increment(by: 3)
        meter.decrement(by: 1)
        #expect(lines(registry).last == "ticketblitz_http_connections 2")
        #expect(
            lines(PrometheusRegistry(), [MetricReading("process_cpu_seconds_total", 0.25)]).last
                == "process_cpu_seconds_total 0.25")
    }
}
