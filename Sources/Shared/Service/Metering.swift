import Metrics

/// The metrics of this process.
public enum Metering {
    /// What `/metrics` shows. Empty until ``bootstrap()``.
    public static let registry = PrometheusRegistry()

    /// Has swift-metrics record into ``registry``. To be called once, before the first instrument is made.
    public static func bootstrap() {
        MetricsSystem.bootstrap(registry)
    }
}
