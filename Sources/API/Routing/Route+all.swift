import Domain
import HTTPTypes

extension Route {
    /// Every route of the API. The router, the response 405 with its `Allow` header, and the tests read this list.
    static let all: [Route] = [
        .route(.post, "/buy") { try await $0.orders.buy($1, $2) },
        .route(.get, "/orders/:id") { try await $0.orders.order($1, $2) },
        .route(.post, "/orders/:id/confirm") { try await $0.orders.change(.confirm, $1, $2) },
        .route(.post, "/orders/:id/cancel") { try await $0.orders.change(.cancel, $1, $2) },

        .route(.get, "/events") { controllers, request, _ in try await controllers.events.list(request) },
        .route(.get, "/events/:id") { controllers, _, context in try await controllers.events.event(context) },
        .route(.put, "/events/:id") { try await $0.events.put($1, $2) },
        .route(.post, "/reset") { try await $0.events.reset($1, $2) },

        .route(.get, "/admin/queue") { controllers, request, _ in
            try await controllers.administration.queueStatus(request)
        },
        .route(.get, "/admin/dead-letters") { controllers, request, _ in
            try await controllers.administration.deadLetters(request)
        },
        .route(.post, "/admin/dead-letters/:id/requeue") { try await $0.administration.requeue($1, $2) },
        .route(.post, "/admin/reconcile") { try await $0.administration.reconcile($1, $2) },

        .route(.get, "/healthz") { controllers, _, _ in controllers.service.health() },
        .route(.get, "/readyz") { controllers, _, _ in try await controllers.service.readiness() },
        .route(.get, "/metrics") { controllers, _, _ in await controllers.service.metrics() },
        .route(.get, "/openapi.yaml") { controllers, _, _ in controllers.service.openAPI() },

        .route(.get, "/") { controllers, _, _ in controllers.page.index() },
        .route(.get, "/page.css") { controllers, _, _ in controllers.page.style() },
        .route(.get, "/page.js") { controllers, _, _ in controllers.page.script() },

        .lab(.get, "/lab") { lab, _, _ in try await lab.overview() },
        .lab(.get, "/lab/:strategy") { lab, _, context in try await lab.account(context) },
        .lab(.post, "/lab/:strategy/buy") { try await $0.buy($1, $2) },
        .lab(.post, "/lab/:strategy/reset") { try await $0.reset($1, $2) },
    ]
}
