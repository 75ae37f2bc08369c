import CoreMetrics
import NIOConcurrencyHelpers

/// Keeps what swift-metrics's instruments of this process record, and writes it as Prometheus reads it.
///
/// Only metrics of ``MetricDescription/all`` are kept, so that every one has a type, a help text and bounds; a label's
/// values come from the code and never from a request, so that there are few.
package final class PrometheusRegistry: MetricsFactory {
    private struct Series: Sendable {
        var labels: [(String, String)]
        var handler: any Sendable
    }

    private let series = NIOLockedValueBox<[String: [Series]]>([:])

    package init() {}

    /// The same handler for the same name and labels.
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

    // A series stays: its count must not begin anew while the process lives.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// Prometheus's text format, version 0.0.4.
    ///
    /// - Parameter readings: what was read for this answer.
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

/// A value that is read when it is asked for, and not kept.
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
