import Environment
import Runtime

/// The settings of the Worker.
struct WorkerSettings: Sendable {
    var stores: StoreSettings
    /// The maximum number of orders in one transaction.
    var batchSize: Int
    var lease: Duration
    var metricsHost: String
    /// Nil: the Worker serves no metrics.
    var metricsPort: Int?

    init(_ settings: Settings) throws(SettingsError) {
        stores = try StoreSettings(settings)
        batchSize = try settings.value(of: Self.batchSize)
        metricsHost = try settings.value(of: Self.metricsHost)
        metricsPort = try settings.value(of: Self.metricsPort)
        lease = .seconds(try settings.value(of: Self.leaseSeconds))
    }
}

extension WorkerSettings {
    /// In the order of `--help` and docs/configuration.md.
    static let table = [batchSize.entry, leaseSeconds.entry, metricsHost.entry, metricsPort.entry]

    static let batchSize = Setting<Int>(
        "WORKER_BATCH_SIZE", default: 1000, in: 1...10_000, "maximum number of orders in one transaction")

    static let leaseSeconds = Setting<Int>(
        "WORKER_LEASE_SECONDS", default: 10, in: 1...3600,
        "seconds after which another worker may take over a batch")

    static let metricsHost = Setting<String>(
        "METRICS_HOST", default: "127.0.0.1", "address of the HTTP service for metrics")

    static let metricsPort = Setting<Int?>(
        "METRICS_PORT", in: 1...65535, "port of `/metrics`, `/healthz` and `/readyz`",
        note: "without a port the Worker serves none of them")
}
