import Engine
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import PostgresClient
import RedisClient
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
        try await stores.checkPartitions(settings.stores.partitioning)
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
            keyedIDs: stores.keyedIDs, queueLimit: settings.queueLimit)
        let catalogue = EventCatalogue(ledger: stores.ledger, inventory: inventory)
        let restorer = EventRestorer(catalogue: catalogue, ledger: stores.ledger)
        let orders = OrderService(
            inventory: inventory, lookup: OrderLookup(inventory: inventory, ledger: stores.ledger), restorer: restorer,
            metrics: ClaimMetrics(), proxies: settings.trustedProxies, tokens: settings.customerTokens,
            signer: RoomSigner(keyedIDs: stores.keyedIDs), logger: logger)
        var configuration = ConnectionState.Configuration()
        configuration.idleTimeout = .seconds(Int64(settings.idleTimeout))
        // All connections lose the same server, and the first of them logs it.
        var quiet = logger
        quiet.logLevel = .critical
        let listing = try await Stores.client(settings.stores, group: EventList.eventLoopGroup, logger: quiet)
        let views = EventViews(catalogue, through: listing)
        let watch =
            if let watch { watch } else {
                OrderWatch(through: stores.redis, partitioning: settings.stores.partitioning, on: group.next())
            }
        let observer = OrderObserver(watch, orders: orders.lookup)
        let feed = LiveFeed(views, EventsOnSale(catalogue, views))
        let rooms = Rooms(
            inventory: inventory, book: RoomBook(inventory, ledger: stores.ledger, through: listing),
            signer: orders.signer, restorer: restorer)
        let proof = settings.proof.map { ProofCheck($0, group: group) }
        let joins = RoomJoins(
            rooms: rooms, views: views, tokens: settings.customerTokens, proxies: settings.trustedProxies, proof: proof)
        let responders = try await DirectResponders(
            orders, joins, Looks(events: views, feed: feed, orders: observer), configuration, group: group)
        let waits = LongResponses(limit: 10_000)
        let lab = settings.isDemo ? lab(settings, stores: stores, inventory: inventory, catalogue: catalogue) : nil
        watch.observeEvents { responders.eventHasChanged($0) }
        let exports = LongResponses(limit: 4)
        let readers = LongResponses(limit: 50)
        let figures = FigureStore(listing, partitioning: settings.stores.partitioning, fence: stores.fence)
        let overview = OverviewReader(figures, inventory)
        let overviewFeed = OverviewFeed(
            timeLimit: .nanoseconds(configuration.streamTimeout.nanoseconds), read: { try await overview.current() })
        let controllers = controllers(
            settings, stores: stores, catalogue: catalogue, views: views, orders: orders, rooms: (rooms, waits),
            responders: responders, exports: exports, readers: readers, overview: (overview, overviewFeed), lab: lab)
        let supervisor = StoreSupervisor(
            Recovery(stores, catalogue: catalogue, logger: logger), partitioning: settings.stores.partitioning,
            keyedIDs: stores.keyedIDs, logger: logger)
        let preparation = Preparation(
            inventory: inventory, catalogue: catalogue, restorer: restorer, lab: lab, logger: logger)
        let routes = RouteTable(includesLab: lab != nil)
        let shared = ConnectionServices(
            orders: observer,
            rateLimits: settings.rateLimit.map { ClientLimits($0, proxies: settings.trustedProxies) },
            table: try await ConnectionTable(settings.connections, proxies: settings.trustedProxies, group: group),
            preflight: { routes.preflight($0) }, configuration: configuration)
        let server = Application(
            responder: routes.router(to: controllers).buildResponder(),
            server: HTTPServerBuilder { responder in
                SaleChannel(
                    responder: responder, services: shared, responders: answersDirectly ? responders : nil)
            },
            configuration: .init(
                address: .hostname(settings.host, port: settings.port), backlog: 4096),
            onServerRunning: onServerRunning,
            eventLoopGroupProvider: .shared(group),
            logger: logger)
        let proofServices: [any Service] = proof.map { [ProofCheckService(check: $0)] } ?? []
        return proofServices + [
            supervisor, preparation, EventListService(client: listing),
            FigureWriterService(
                writer: FigureWriter(figures, logger: logger) { await responders.takeTally() }),
            server, OrderWatchService(watch: watch), LiveFeedService(feed: feed),
            LongResponsesService(responses: exports), LongResponsesService(responses: readers),
            LongResponsesService(responses: waits),
            OverviewFeedService(feed: overviewFeed),
        ]
    }

    private static func controllers(
        _ settings: APISettings, stores: Stores, catalogue: EventCatalogue, views: EventViews,
        orders: OrderService, rooms: (rooms: Rooms, waits: LongResponses),
        responders: DirectResponders, exports: LongResponses,
        readers: LongResponses,
        overview: (reader: OverviewReader, feed: OverviewFeed), lab: Lab?
    ) -> Controllers {
        let (inventory, restorer) = (orders.inventory, orders.restorer)
        let access = AdminAccess(
            token: settings.adminToken, named: settings.adminTokens, isDemo: settings.isDemo,
            proxies: settings.trustedProxies)
        let trail = AuditTrail(ledger: stores.ledger)
        let queues = settings.stores.partitioning.all.map {
            OrderQueue(stores.partition($0), lease: .zero)
        }
        return Controllers(
            orders: OrdersController(orders: orders, responders: responders),
            waitlist: WaitlistController(orders: orders),
            events: EventsController(
                catalogue: catalogue, list: EventList(catalogue, views), views: views, restorer: restorer,
                access: access),
            rooms: RoomController(rooms: rooms.rooms, responders: responders, waits: rooms.waits),
            live: LiveController(responders: responders),
            administration: AdministrationController(
                access: access, trail: trail, inventory: inventory, catalogue: catalogue, restorer: restorer,
                queues: queues),
            audit: AuditController(access: access, ledger: stores.ledger),
            cancellation: CancellationController(access: access, orders: orders, trail: trail),
            adminOrders: AdminOrdersController(
                access: access, inventory: inventory, ledger: stores.ledger, exports: exports),
            overview: OverviewController(access: access, reader: overview.reader, feed: overview.feed),
            webhooks: WebhooksController(
                access: access, ledger: stores.ledger, allowsPrivate: settings.allowsPrivateWebhooks),
            changes: ChangesController(access: access, ledger: stores.ledger, places: readers),
            service: ServiceController(
                inventory: inventory, ledger: stores.ledger, restorer: restorer,
                readings: StoreReadings(queues: queues, pool: stores.pool, program: "API")),
            lab: lab.map { LabController(lab: $0, access: access) })
    }

    private static func lab(
        _ settings: APISettings, stores: Stores, inventory: Inventory, catalogue: EventCatalogue
    ) -> Lab {
        var direct = settings.stores.postgres
        direct.poolSize = 1
        return Lab(
            pool: stores.pool, direct: direct, redis: stores.redis, inventory: inventory, catalogue: catalogue)
    }
}
