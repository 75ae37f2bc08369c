package import CoreMetrics
import NIOConcurrencyHelpers

/// Stores the values of this process's swift-metrics instruments, and renders them in the text format of Prometheus.
///
/// Only metrics of ``MetricDescription/all`` are stored, so that each has a type, a help text and bounds. The values of
/// labels come from the code, never from a request, so that the number of series is bounded.
package final class PrometheusRegistry: MetricsFactory {
    private struct Series: Sendable {
        var labels: [(String, String)]
        var handler: any Sendable
    }

    private let series = NIOLockedValueBox<[String: [Series]]>([:])

    package init() {}

    /// The handler of a name and its labels; the same one on each call.
    private func handler<Handler: Sendable>(
        _ name: String, _ labels: [(String, String)], _ make: (MetricDescription) -> Handler?
    ) -> Handler? {
        guard let description = MetricDescription.byName[name] else { return nil }
        return series.withLockedValue { series in
            let known = series[name, default: []]
            if let found = known.first(where: { $0.labels.elementsEqual(labels, by: ==) }) {
                return found.handler as? Handler
            }
            guard let handler = make(description) else { return nil }
            series[name, default: []].append(Series(labels: labels, handler: handler))
            return handler
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions) { $0.kind == .counter ? CounterSeries() : nil } ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        handler(label, dimensions) { $0.kind == .gauge ? GaugeSeries() : nil } ?? NOOPMetricsHandler.instance
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        histogram(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramSeries? {
        handler(label, dimensions) { description in
            if case .histogram(let bounds) = description.kind { HistogramSeries(bounds: bounds) } else { nil }
        }
    }

    // Series are kept: a counter must not start again while the process runs.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// The text format of Prometheus, version 0.0.4.
    ///
    /// - Parameter readings: values that were read for this response.
    package func text(with readings: [MetricReading] = []) -> String {
        let kept = series.withLockedValue { $0 }
        let read = Dictionary(grouping: readings, by: \.name)
        var text = PrometheusText()
        for description in MetricDescription.all {
            let present = kept[description.name] ?? []
            let values = read[description.name] ?? []
            guard !present.isEmpty || !values.isEmpty else { continue }
            text.begin(description)
            for series in present {
                switch series.handler {
                case let counter as CounterSeries:
                    text.add(description.name, series.labels, Double(counter.value))
                case let gauge as GaugeSeries:
                    text.add(description.name, series.labels, gauge.value)
                case let histogram as HistogramSeries:
                    text.add(description.name, series.labels, histogram.bounds, histogram.state)
                default: break
                }
            }
            for reading in values { text.add(description.name, reading.labels, reading.value) }
        }
        return text.text
    }
}

/// A value that is read for each response and not stored.
package struct MetricReading: Sendable {
    var name: String
    var labels: [(String, String)]
    var value: Double

    package init(_ name: String, _ value: Double, labels: [(String, String)] = []) {
        self.name = name
        self.labels = labels
        self.value = value
    }
}
