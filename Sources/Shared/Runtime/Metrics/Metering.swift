import Metrics

/// The metrics of this process.
package enum Metering {
    /// What `/metrics` shows. Empty until ``bootstrap()``.
    package static let registry = PrometheusRegistry()

    /// Has swift-metrics record into ``registry``. To be called once, before the first instrument is made.
    package static func bootstrap() {
        MetricsSystem.bootstrap(registry)
    }
}
