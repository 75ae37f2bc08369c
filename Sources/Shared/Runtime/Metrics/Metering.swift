import Metrics

/// The metrics of this process.
package enum Metering {
    /// The metrics that `/metrics` shows. Empty before ``bootstrap()``.
    package static let registry = PrometheusRegistry()

    /// Makes swift-metrics record to ``registry``. Must be called once, before the first instrument is created.
    package static func bootstrap() {
        MetricsSystem.bootstrap(registry)
    }
}
