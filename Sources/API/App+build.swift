import Engine
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import PostgresClient
import Runtime
import ServiceLifecycle

extension App {
    /// Limits on what a client may send; see docs/operations.md for the reasons.
    private static let headerLimit = 16 * 1024
    private static let headerFieldLimit = 64
    private static let idleTimeout = TimeAmount.seconds(10)
    private static let bodyDeadline = TimeAmount.seconds(5)

    /// Serves until the process is told to stop, then finishes what it took in.
    static func serve(_ settings: APISettings) async throws {
        let logger = Logger(label: "api")
        let group = MultiThreadedEventLoopGroup.singleton
        let stores = try await Stores(settings.stores, group: group, logger: logger)
        let services = ServiceGroup(
            configuration: .init(
                services: try await services(settings, stores: stores, group: group, logger: logger),
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await services.run()
        await stores.close()
        logger.info("stopped")
    }

    /// The server, what prepares it, and what it waits with; for `serve` and for tests. At the stop the last goes first.
    ///
    /// - Parameter watch: what it waits with, where a test wants to see who waits.
    static func services(
        _ settings: APISettings, stores: Stores, group: any EventLoopGroup, logger: Logger, watch: OrderWatch? = nil,
        onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) async throws -> [any Service] {
        let inventory = try await Inventory(
            client: stores.redis, partitioning: settings.stores.partitioning, fence: stores.fence,
            queueLimit: settings.queueLimit)
        let catalogue = EventCatalogue(ledger: stores.ledger, inventory: inventory)
        let restorer = EventRestorer(catalogue: catalogue, ledger: stores.ledger)
        let watch =
            if let watch { watch } else {
                try await OrderWatch(
                    Stores.redis(settings.stores), partitioning: settings.stores.partitioning, on: group.next())
            }
        let queues = settings.stores.partitioning.all.map {
            OrderQueue(stores.partition($0), lease: .zero)
        }
        let sale = Sale(
            inventory: inventory, ledger: stores.ledger, catalogue: catalogue, restorer: restorer, watch: watch,
            queues: queues,
            access: AdminAccess(token: settings.adminToken, isDemo: settings.isDemo),
            metrics: ClaimMetrics(), readings: StoreReadings(queues: queues, pool: stores.pool, program: "API"),
            lab: settings.isDemo ? lab(settings, stores: stores, inventory: inventory, catalogue: catalogue) : nil)
        let keeper = StoreSupervisor(
            Recovery(stores, catalogue: catalogue, logger: logger), partitioning: settings.stores.partitioning,
            logger: logger)
        let preparation = Preparation(
            inventory: inventory, catalogue: catalogue, restorer: restorer, lab: sale.lab, logger: logger)
        let server = Application(
            responder: sale.router().buildResponder(),
            server: .http1(configuration: channelConfiguration(settings, sale)),
            configuration: .init(
                address: .hostname(settings.host, port: settings.port), backlog: 4096,
                availableConnectionsDelegate: .maximum(settings.connectionLimit, logger: logger)),
            onServerRunning: onServerRunning,
            eventLoopGroupProvider: .shared(group),
            logger: logger)
        return [keeper, preparation, server, Watching(watch: watch)]
    }

    private static func lab(
        _ settings: APISettings, stores: Stores, inventory: Inventory, catalogue: EventCatalogue
    ) -> Lab {
        var direct = PostgresConfiguration(conninfo: settings.stores.databaseURL)
        direct.poolSize = 1
        return Lab(
            pool: stores.pool, direct: direct, redis: stores.redis, inventory: inventory, catalogue: catalogue)
    }

    private static func channelConfiguration(_ settings: APISettings, _ sale: Sale) -> HTTP1Channel.Configuration {
        let limits = settings.rateLimit.map { ClientLimits($0, proxies: settings.trustedProxies) }
        return .init(
            additionalChannelHandlers: guards(limits, sale),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: headerLimit, maxHeaderListSize: headerLimit, maxHeaderFieldCount: headerFieldLimit))
    }

    /// What stands between a connection and the routes, the nearest to the connection first.
    private static func guards(_ limits: ClientLimits?, _ sale: Sale) -> [any RemovableChannelHandler] {
        var guards: [any RemovableChannelHandler] = [
            IdleGuard(timeout: idleTimeout), RequestGuard(bodyDeadline: bodyDeadline),
        ]
        if let limits { guards.append(RateGuard(limits)) }
        return guards + [WaitingGate(watch: sale.watch) { await sale.isSettled($0) }]
    }
}
