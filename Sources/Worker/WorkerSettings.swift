import Environment
import Runtime

/// Everything that the Worker can be told.
struct WorkerSettings: Sendable {
    var stores: StoreSettings
    /// Orders in one transaction at most.
    var batchSize: Int
    var lease: Duration
    var metricsHost: String
    /// Nil: no metrics.
    var metricsPort: Int?

    init(_ settings: Settings) throws(SettingsError) {
        stores = try StoreSettings(settings)
        batchSize = try settings.integer("WORKER_BATCH_SIZE", default: 1000, in: 1...10_000)
        metricsHost = settings.text("METRICS_HOST", default: "127.0.0.1")
        metricsPort =
            settings.text("METRICS_PORT") == nil
            ? nil : try settings.integer("METRICS_PORT", default: 0, in: 1...65535)
        lease = .seconds(try settings.integer("WORKER_LEASE_SECONDS", default: 10, in: 1...3600))
    }
}
