import Engine
import Hummingbird
import Ledger
import Logging
import Runtime

/// What the routes work with.
struct Sale: Sendable {
    let inventory: Inventory
    let ledger: Ledger
    let catalogue: EventCatalogue
    let restorer: EventRestorer
    let watch: OrderWatch
    /// Those of all partitions, to look at.
    let queues: [OrderQueue]
    let access: AdminAccess
    let metrics: ClaimMetrics
    let readings: StoreReadings
    /// Nil without `DEMO=true`.
    let lab: Lab?
}

extension Sale {
    static let bodyLimit = 4 * 1024
    static let adminBodyLimit = 64 * 1024

    /// The routes with their methods, HEAD wherever GET is.
    static let routes = RouteTable([
        ("/buy", ["POST"]), ("/orders/:id", ["GET", "HEAD"]), ("/orders/:id/confirm", ["POST"]),
        ("/orders/:id/cancel", ["POST"]), ("/events", ["GET", "HEAD"]), ("/events/:id", ["GET", "HEAD", "PUT"]),
        ("/reset", ["POST"]), ("/admin/queue", ["GET", "HEAD"]), ("/admin/dead-letters", ["GET", "HEAD"]),
        ("/admin/dead-letters/:id/requeue", ["POST"]), ("/admin/reconcile", ["POST"]), ("/healthz", ["GET", "HEAD"]),
        ("/readyz", ["GET", "HEAD"]), ("/metrics", ["GET", "HEAD"]),
        ("/openapi.yaml", ["GET", "HEAD"]), ("/", ["GET", "HEAD"]), ("/page.css", ["GET", "HEAD"]),
        ("/page.js", ["GET", "HEAD"]),
    ])

    func router() -> Router<SaleContext> {
        let router = Router(context: SaleContext.self, options: .autoGenerateHeadEndpoints)
        let routes = lab == nil ? Self.routes : Self.routes + Self.labRoutes
        router.add(middleware: ProblemMiddleware(routes: routes))
        router.post("/buy") { request, context in try await buy(request, context) }
        router.get("/orders/:id") { request, context in try await order(request, context) }
        router.post("/orders/:id/confirm") { request, context in try await change(.confirm, request, context) }
        router.post("/orders/:id/cancel") { request, context in try await change(.cancel, request, context) }
        router.get("/events") { request, _ in try await events(request) }
        router.get("/events/:id") { _, context in try await event(context) }
        router.put("/events/:id") { request, context in try await putEvent(request, context) }
        router.post("/reset") { request, context in try await reset(request, context) }
        router.get("/admin/queue") { request, _ in try await queueStatus(request) }
        router.get("/admin/dead-letters") { request, _ in try await deadLetters(request) }
        router.post("/admin/dead-letters/:id/requeue") { request, context in try await requeue(request, context) }
        router.post("/admin/reconcile") { request, context in try await reconcile(request, context) }
        router.get("/healthz") { _, _ in Self.health() }
        router.get("/readyz") { _, context in try await readiness(context) }
        router.get("/metrics") { _, _ in await metricsText() }
        router.get("/openapi.yaml") { _, _ in Self.openAPI() }
        addPage(to: router)
        if let lab { addLab(lab, to: router) }
        return router
    }
}
