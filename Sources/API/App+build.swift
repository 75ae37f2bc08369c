import Engine
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import PostgresClient
import RedisSchema
import Runtime
import ServiceLifecycle
import UnixSignals

extension App {
    /// Serves until SIGTERM or SIGINT, then completes the requests that it has accepted.
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

    /// The services of the API, for `serve` and for tests. They are stopped in reverse order.
    ///
    /// - Parameters:
    ///   - watch: the order watch; nil to open one.
    ///   - answersDirectly: whether connections respond to direct requests; otherwise the router responds to all.
    static func services(
        _ settings: APISettings, stores: Stores, group: any EventLoopGroup, logger: Logger, watch: OrderWatch? = nil,
        answersDirectly: Bool = true,
        onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) async throws -> [any Service] {
        let inventory = try await Inventory(
            client: stores.redis, partitioning: settings.stores.partitioning, fence: stores.fence,
            queueLimit: settings.queueLimit)
        let catalogue = EventCatalogue(ledger: stores.ledger, inventory: inventory)
        let restorer = EventRestorer(catalogue: catalogue, ledger: stores.ledger)
        let orders = OrderService(
            inventory: inventory, lookup: OrderLookup(inventory: inventory, ledger: stores.ledger), restorer: restorer,
            metrics: ClaimMetrics(), logger: logger)
        let responders = try await DirectResponders(orders, group: group)
        let lab = settings.isDemo ? lab(settings, stores: stores, inventory: inventory, catalogue: catalogue) : nil
        let watch =
            if let watch { watch } else {
                try await OrderWatch(
                    Stores.redis(settings.stores), partitioning: settings.stores.partitioning, on: group.next())
            }
        watch.observeEvents { responders.eventHasChanged($0) }
        let controllers = controllers(
            settings, stores: stores, catalogue: catalogue, orders: orders, responders: responders, lab: lab)
        let supervisor = StoreSupervisor(
            Recovery(stores, catalogue: catalogue, logger: logger), partitioning: settings.stores.partitioning,
            logger: logger)
        let preparation = Preparation(
            inventory: inventory, catalogue: catalogue, restorer: restorer, lab: lab, logger: logger)
        let limits = settings.rateLimit.map { ClientLimits($0, proxies: settings.trustedProxies) }
        let server = Application(
            responder: RouteTable(includesLab: lab != nil).router(to: controllers).buildResponder(),
            server: HTTPServerBuilder { responder in
                SaleChannel(
                    responder: responder,
                    limits: limits, orders: OrderObserver(watch, orders: orders.lookup),
                    responders: answersDirectly ? responders : nil)
            },
            configuration: .init(
                address: .hostname(settings.host, port: settings.port), backlog: 4096,
                availableConnectionsDelegate: .maximum(settings.connectionLimit, logger: logger)),
            onServerRunning: onServerRunning,
            eventLoopGroupProvider: .shared(group),
            logger: logger)
        return [supervisor, preparation, server, OrderWatchService(watch: watch)]
    }

    private static func controllers(
        _ settings: APISettings, stores: Stores, catalogue: EventCatalogue, orders: OrderService,
        responders: DirectResponders, lab: Lab?
    ) -> Controllers {
        let (inventory, restorer) = (orders.inventory, orders.restorer)
        let access = AdminAccess(token: settings.adminToken, isDemo: settings.isDemo)
        let queues = settings.stores.partitioning.all.map {
            OrderQueue(stores.partition($0), lease: .zero)
        }
        return Controllers(
            orders: OrdersController(orders: orders, responders: responders),
            events: EventsController(catalogue: catalogue, restorer: restorer, access: access),
            administration: AdministrationController(
                access: access, inventory: inventory, catalogue: catalogue, restorer: restorer, queues: queues),
            service: ServiceController(
                inventory: inventory, ledger: stores.ledger, restorer: restorer,
                readings: StoreReadings(queues: queues, pool: stores.pool, program: "API")),
            lab: lab.map { LabController(lab: $0) })
    }

    private static func lab(
        _ settings: APISettings, stores: Stores, inventory: Inventory, catalogue: EventCatalogue
    ) -> Lab {
        var direct = PostgresConfiguration(conninfo: settings.stores.databaseURL)
        direct.poolSize = 1
        return Lab(
            pool: stores.pool, direct: direct, redis: stores.redis, inventory: inventory, catalogue: catalogue)
    }
}
