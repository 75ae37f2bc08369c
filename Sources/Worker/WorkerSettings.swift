import Engine
import Environment
import NIOSSL
import Runtime
import Webhooks

/// The settings of the Worker.
struct WorkerSettings: Sendable {
    var stores: StoreSettings
    /// The maximum number of orders in one transaction.
    var batchSize: Int
    var lease: Duration
    var memoryMark: MemoryMark
    /// The number of messages to one endpoint at a time.
    var webhookConcurrency: Int
    var webhookKeepHours: Int
    var webhookRoots: [NIOSSLCertificate]
    var webhookAllowPrivate: Bool
    var metricsHost: String
    /// Nil: the Worker serves no metrics.
    var metricsPort: Int?

    init(_ settings: Settings) throws(SettingsError) {
        stores = try StoreSettings(settings)
        batchSize = try settings.value(of: Self.batchSize)
        metricsHost = try settings.value(of: Self.metricsHost)
        metricsPort = try settings.value(of: Self.metricsPort)
        memoryMark = MemoryMark(percent: try settings.value(of: Self.recordMemoryMark))
        webhookConcurrency = try settings.value(of: Self.webhookConcurrency)
        webhookKeepHours = try settings.value(of: Self.webhookKeepHours)
        webhookRoots = try settings.value(of: Self.webhookCAFile)
        webhookAllowPrivate = try settings.value(of: WebhookSettings.allowPrivate)
        lease = .seconds(try settings.value(of: Self.leaseSeconds))
    }
}

extension WorkerSettings {
    /// In the order of `--help` and docs/configuration.md.
    static let table = [
        batchSize.entry, leaseSeconds.entry, recordMemoryMark.entry, webhookConcurrency.entry, webhookKeepHours.entry,
        webhookCAFile.entry, WebhookSettings.allowPrivate.entry, metricsHost.entry, metricsPort.entry,
    ]

    static let batchSize = Setting<Int>(
        "WORKER_BATCH_SIZE", default: 1000, in: 1...10_000, "maximum number of orders in one transaction")

    static let leaseSeconds = Setting<Int>(
        "WORKER_LEASE_SECONDS", default: 10, in: 1...3600,
        "seconds after which another worker may take over a batch")

    static let recordMemoryMark = Setting<Int>(
        "RECORD_MEMORY_MARK", default: 70, in: 10...100,
        "percentage of Redis's `maxmemory` above which the records of settled orders are deleted before their time",
        note: "no effect if Redis has no `maxmemory`")

    static let webhookConcurrency = Setting<Int>(
        "WEBHOOK_CONCURRENCY", default: 10, in: 1...100, "maximum number of webhook messages to one endpoint at a time")

    static let webhookKeepHours = Setting<Int>(
        "WEBHOOK_KEEP_HOURS", default: 72, in: 1...8760,
        "hours after which delivered webhook messages, and changes that no endpoint needs, are removed")

    static let webhookCAFile = Setting<[NIOSSLCertificate]>(
        SettingEntry(
            "WEBHOOK_CA_FILE", default: .none,
            "file with certificates in PEM format that webhooks may have besides those that the system trusts")
    ) { path throws(SettingsError) in
        guard let path else { return [] }
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw SettingsError(description: "WEBHOOK_CA_FILE cannot be used: it has no certificates in PEM format")
        }
    }

    static let metricsHost = Setting<String>(
        "METRICS_HOST", default: "127.0.0.1", "address of the HTTP service for metrics")

    static let metricsPort = Setting<Int?>(
        "METRICS_PORT", in: 1...65535, "port of `/metrics`, `/healthz` and `/readyz`",
        note: "without a port the Worker serves none of them")
}
