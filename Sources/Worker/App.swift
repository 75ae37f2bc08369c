import ArgumentParser
import Engine
import Environment
import Foundation
import Logging
import NIOCore
import NIOPosix
import RedisClient
import Runtime
import ServiceLifecycle

/// This module's way in: a program is a file that calls it.
package enum Program {
    /// Runs the worker with the process's arguments; ends the process where they, or a setting, cannot be used.
    package static func main() async { await App.main() }
}

struct App: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Worker",
        abstract: "TicketBlitz's worker: brings accepted orders from Redis into Postgres.",
        discussion: "Every option is a variable of the environment too, named at its end; the option wins.")

    @Option(help: "Orders in one transaction at most. WORKER_BATCH_SIZE (default: 1000)")
    var batchSize: String?

    @Option(help: "Seconds after which another worker may take over a batch. WORKER_LEASE_SECONDS (default: 10)")
    var leaseSeconds: String?

    @Option(help: "Address of the metrics' HTTP service. METRICS_HOST (default: 127.0.0.1)")
    var metricsHost: String?

    @Option(help: "Port of /metrics, /healthz and /readyz; unset, there are none. METRICS_PORT (default: none)")
    var metricsPort: String?

    @OptionGroup(title: "Stores and logs")
    var stores: StoreOptions

    func run() async throws {
        let settings: WorkerSettings
        do throws(SettingsError) {
            settings = try WorkerSettings(Settings(flags: flags))
        } catch {
            Exit.now(SettingsError.exitCode, "Worker: \(error.description)")
        }
        Logs.bootstrap(settings.stores)
        Metering.bootstrap()
        do {
            try await Self.work(settings)
        } catch let error as UnsafeSettings {
            Exit.now(SettingsError.exitCode, "Worker: \(error)")
        } catch {
            Exit.now(1, "Worker: \(error)")
        }
    }

    private var flags: [String: String?] {
        stores.flags.merging([
            "WORKER_BATCH_SIZE": batchSize, "WORKER_LEASE_SECONDS": leaseSeconds, "METRICS_HOST": metricsHost,
            "METRICS_PORT": metricsPort,
        ]) { $1 }
    }

    /// Works until the process is told to stop, then commits the batch in hand.
    static func work(_ settings: WorkerSettings) async throws {
        let logger = Logger(label: "worker")
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let stores = try await Stores(settings.stores, group: group, logger: logger)
        let services = ServiceGroup(
            configuration: .init(
                services: try await services(settings, stores: stores, group: group, logger: logger),
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        logger.info("started", metadata: ["batch": "\(settings.batchSize)", "lease": "\(settings.lease)"])
        try await services.run()
        await stores.close()
        try await group.shutdownGracefully()
        logger.info("stopped")
    }

    /// A drain and a sweep for each partition, for `work` and for tests.
    static func services(
        _ settings: WorkerSettings, stores: Stores, group: any EventLoopGroup, logger: Logger
    ) async throws -> [any Service] {
        // The stores' connection tells of a Redis that is away; these would only repeat it.
        var quiet = logger
        quiet.logLevel = .critical
        let inventory = try await Inventory(
            client: stores.redis, partitioning: settings.stores.partitioning, fence: stores.fence, queueLimit: 0)
        let catalogue = EventCatalogue(ledger: stores.ledger, inventory: inventory)
        let name = "\(ProcessInfo.processInfo.hostName)-\(UUID().uuidString.prefix(8).lowercased())"
        var services: [any Service] = [
            StoreSupervisor(
                Recovery(stores, catalogue: catalogue, logger: logger), partitioning: settings.stores.partitioning,
                logger: logger)
        ]
        var ledger = stores.ledger
        ledger.settleProbe = Failpoint.settleProbe
        var queues: [OrderQueue] = []
        for keys in settings.stores.partitioning.all {
            let blocking = try await RedisConnection.open(
                Stores.redis(settings.stores), on: group.next(), logger: quiet)
            let queue = OrderQueue(stores.partition(keys), lease: settings.lease)
            queues.append(queue)
            services.append(
                LedgerWriter(
                    queue: queue, blocking: blocking, ledger: ledger, catalogue: catalogue, name: name,
                    batchSize: settings.batchSize, lease: settings.lease,
                    logger: logger))
            services.append(
                HoldExpiry(
                    holds: HoldExpirer(stores.partition(keys)),
                    logger: logger))
        }
        if let port = settings.metricsPort {
            // First, so that it is the last to stop.
            services.insert(
                MetricsServer.make(
                    (settings.metricsHost, port),
                    readings: StoreReadings(queues: queues, pool: stores.pool, program: "Worker"), queues: queues,
                    group: group, logger: logger), at: 0)
        }
        return services
    }
}
