import Domain
import HTTPTypes

extension Route {
    /// Every route of the API. The router, the response 405 with its `Allow` header, and the tests read this list.
    static let all: [Route] = service + pages

    private static let pages: [Route] =
        PageFile.all.map { file in
            .route(.get, file.path) { controllers, request, _ in try controllers.page.file(file, request) }
        } + [.route(.get, "/console/:file") { try $0.page.consoleFile($1, $2) }]

    private static let service: [Route] = [
        .route(.post, "/buy") { try await $0.orders.buy($1, $2) },
        .route(.get, "/orders/:id") { try await $0.orders.order($1, $2) },
        .route(.post, "/orders/:id/confirm") { try await $0.orders.change(.confirm, $1, $2) },
        .route(.post, "/orders/:id/cancel") { try await $0.orders.change(.cancel, $1, $2) },

        .route(.get, "/events") { controllers, request, _ in try await controllers.events.list(request) },
        .route(.get, "/events/:id") { try await $0.events.event($1, $2) },
        .route(.put, "/events/:id") { try await $0.events.put($1, $2) },
        .route(.delete, "/events/:id") { try await $0.events.delete($1, $2) },
        .route(.post, "/events/:id/waitlist") { try await $0.waitlist.join($1, $2) },
        .route(.get, "/waitlist/:id") { controllers, _, context in try await controllers.waitlist.place(context) },
        .route(.delete, "/waitlist/:id") { try await $0.waitlist.leave($1, $2) },
        .route(.get, "/events/:id/live") { try await $0.live.event($1, $2) },
        .route(.get, "/events/:id/room") { try await $0.rooms.room($1, $2) },
        .route(.post, "/events/:id/room") { try await $0.rooms.join($1, $2) },
        .route(.get, "/room/:place/live") { try await $0.rooms.live($1, $2) },
        .route(.get, "/room/:place") { try await $0.rooms.place($1, $2) },
        .route(.get, "/orders/:id/live") { try await $0.live.order($1, $2) },
        .route(.get, "/live") { try await $0.live.eventsOnSale($1, $2) },
        .route(.post, "/reset") { try await $0.events.reset($1, $2) },

        .route(.get, "/admin/me") { controllers, request, _ in try controllers.audit.me(request) },
        .route(.get, "/admin/audit") { controllers, request, _ in try await controllers.audit.lines(request) },
        .route(.post, "/admin/orders/:id/cancel") { try await $0.cancellation.cancel($1, $2) },
        .route(.get, "/admin/queue") { controllers, request, _ in
            try await controllers.administration.queueStatus(request)
        },
        .route(.get, "/admin/dead-letters") { controllers, request, _ in
            try await controllers.administration.deadLetters(request)
        },
        .route(.post, "/admin/dead-letters/:id/requeue") { try await $0.administration.requeue($1, $2) },
        .route(.post, "/admin/dead-letters/requeue") { try await $0.administration.requeueAll($1, $2) },
        .route(.post, "/admin/reconcile") { try await $0.administration.reconcile($1, $2) },

        .route(.get, "/admin/orders") { controllers, request, _ in try await controllers.adminOrders.list(request) },
        .route(.get, "/admin/orders/:id") { try await $0.adminOrders.order($1, $2) },
        .route(.get, "/admin/events/:id/orders.csv") { try await $0.adminOrders.export($1, $2) },
        .route(.get, "/admin/overview") { controllers, request, _ in
            try await controllers.overview.overview(request)
        },
        .route(.get, "/admin/overview/live") { try await $0.overview.live($1, $2) },

        .route(.get, "/admin/webhooks") { controllers, request, _ in
            try await controllers.webhooks.list(request)
        },
        .route(.get, "/admin/webhooks/:id") { try await $0.webhooks.webhook($1, $2) },
        .route(.put, "/admin/webhooks/:id") { try await $0.webhooks.put($1, $2) },
        .route(.delete, "/admin/webhooks/:id") { try await $0.webhooks.delete($1, $2) },
        .route(.post, "/admin/webhooks/:id/rotate") { try await $0.webhooks.rotate($1, $2) },
        .route(.post, "/admin/webhooks/:id/test") { try await $0.webhooks.test($1, $2) },
        .route(.get, "/admin/webhooks/:id/deliveries") { try await $0.webhooks.deliveries($1, $2) },
        .route(.post, "/admin/webhooks/:id/deliveries/:delivery/retry") { try await $0.webhooks.retry($1, $2) },
        .route(.get, "/admin/changes") { try await $0.changes.changes($1, $2) },

        .route(.get, "/healthz") { controllers, _, _ in controllers.service.health() },
        .route(.get, "/readyz") { controllers, _, _ in try await controllers.service.readiness() },
        .route(.get, "/metrics") { controllers, _, _ in await controllers.service.metrics() },
        .route(.get, "/openapi.yaml") { controllers, _, _ in controllers.service.openAPI() },

        .lab(.get, "/lab") { lab, _, _ in try await lab.overview() },
        .lab(.get, "/lab/:strategy") { lab, _, context in try await lab.account(context) },
        .lab(.post, "/lab/:strategy/buy") { try await $0.buy($1, $2) },
        .lab(.post, "/lab/:strategy/reset") { try await $0.reset($1, $2) },
    ]
}
