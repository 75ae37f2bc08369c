import ArgumentParser
import Engine
import Environment
import Foundation
import Ledger
import Logging
import NIOCore
import NIOPosix
import PostgresClient
import RedisClient
import RedisSchema
import Runtime
import ServiceLifecycle
import UnixSignals
import Webhooks

/// The entry point of this module; a program is a file that calls it.
package enum Program {
    /// Runs the worker with the arguments of the process. Ends the process if an argument or a setting is invalid.
    package static func main() async { await App.main() }
}

struct App: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Worker",
        abstract: "The worker of TicketBlitz: writes accepted orders from Redis to PostgreSQL.",
        discussion: "Each option has an environment variable, named at the end of its line; the option overrides it.")

    @Option(WorkerSettings.batchSize) var batchSize: GivenOption?
    @Option(WorkerSettings.leaseSeconds) var leaseSeconds: GivenOption?
    @Option(WorkerSettings.recordMemoryMark) var recordMemoryMark: GivenOption?
    @Option(WorkerSettings.webhookConcurrency) var webhookConcurrency: GivenOption?
    @Option(WorkerSettings.webhookKeepHours) var webhookKeepHours: GivenOption?
    @Option(WorkerSettings.webhookCAFile) var webhookCAFile: GivenOption?
    @Option(WebhookSettings.allowPrivate) var webhookAllowPrivate: GivenOption?
    @Option(WorkerSettings.metricsHost) var metricsHost: GivenOption?
    @Option(WorkerSettings.metricsPort) var metricsPort: GivenOption?

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

    /// Runs until the process gets SIGTERM or SIGINT, then commits its current batch.
    static func work(_ settings: WorkerSettings) async throws {
        let logger = Logger(label: "worker")
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let stores = try await Stores(settings.stores, group: group, logger: logger)
        try await stores.checkPartitions(settings.stores.partitioning)
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

    /// The services of the Worker, for `work` and for tests: among them a ledger writer, a hold expiry and the
    /// offers for each partition.
    static func services(
        _ settings: WorkerSettings, stores: Stores, group: any EventLoopGroup, logger: Logger
    ) async throws -> [any Service] {
        // The connection of the stores logs that Redis is unavailable; these connections would repeat it.
        var quiet = logger
        quiet.logLevel = .critical
        let inventory = try await Inventory(
            client: stores.redis, partitioning: settings.stores.partitioning, fence: stores.fence,
            keyedIDs: stores.keyedIDs, queueLimit: 0)
        let catalogue = EventCatalogue(ledger: stores.ledger, inventory: inventory)
        let name = "\(ProcessInfo.processInfo.hostName)-\(UUID().uuidString.prefix(8).lowercased())"
        var services: [any Service] = [
            StoreSupervisor(
                Recovery(stores, catalogue: catalogue, logger: logger), partitioning: settings.stores.partitioning,
                keyedIDs: stores.keyedIDs, logger: logger)
        ]
        var ledger = stores.ledger
        ledger.settleProbe = Failpoint.settleProbe
        let signal = WebhookSignal()
        var queues: [OrderQueue] = []
        for keys in settings.stores.partitioning.all {
            let blocking = try await Stores.client(
                settings.stores, slots: [keys.slot], group: group, logger: quiet)
            let queue = OrderQueue(stores.partition(keys), lease: settings.lease)
            queues.append(queue)
            services.append(
                LedgerWriter(
                    queue: queue, blocking: blocking, ledger: ledger, catalogue: catalogue, name: name,
                    batchSize: settings.batchSize, lease: settings.lease, memoryMark: settings.memoryMark,
                    settled: { signal.raise() }, logger: logger))
            services.append(
                HoldExpiryService(
                    holds: HoldExpirer(stores.partition(keys)),
                    logger: logger))
            services.append(OfferService(offers: OfferMaker(stores.partition(keys)), logger: logger))
        }
        services += settings.stores.partitioning.all.map {
            RoomService(rooms: RoomKeeper(stores.partition($0), ledger: stores.ledger), logger: logger)
        }
        services.append(webhooks(settings, name: name, signal: signal, group: group, logger: logger))
        if let port = settings.metricsPort {
            // The first service stops last.
            services.insert(
                MetricsServer.make(
                    (settings.metricsHost, port),
                    readings: StoreReadings(queues: queues, pool: stores.pool, program: "Worker"), queues: queues,
                    group: group, logger: logger), at: 0)
        }
        return services
    }

    private static func webhooks(
        _ settings: WorkerSettings, name: String, signal: WebhookSignal, group: any EventLoopGroup, logger: Logger
    ) -> WebhookService {
        var postgres = settings.stores.postgres
        postgres.poolSize = WebhookService.poolSize
        let pool = PostgresPool(postgres)
        let threads = NIOThreadPool(numberOfThreads: AddressResolver.threadCount)
        let sending = WebhookSending(
            ledger: Ledger(pool: pool),
            resolver: AddressResolver(threads: threads, allowsPrivate: settings.webhookAllowPrivate),
            roots: settings.webhookRoots, group: group, owner: name, concurrency: settings.webhookConcurrency,
            allowsPrivate: settings.webhookAllowPrivate, metrics: WebhookMetrics(), logger: logger)
        return WebhookService(
            sending: sending, pool: pool, threads: threads, signal: signal, keepHours: settings.webhookKeepHours)
    }
}
