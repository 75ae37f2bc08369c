import Domain
import Engine
import Logging
import Runtime
import ServiceLifecycle
import Timing

/// Prepares the sale once Redis is open: creates the demo event and the lab's stock, and publishes every event in Redis.
/// Requests are served from the start; until the preparation is complete, they can respond 503. After that it retries
/// pending publications until the shutdown.
struct Preparation: Service {
    let inventory: Inventory
    let catalogue: EventCatalogue
    let restorer: EventRestorer
    /// Nil without `DEMO=true`.
    let lab: Lab?
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                try await prepare()
                try await restorer.retryPending()
            } catch is CancellationError {
                return
            }
        }
    }

    private func prepare() async throws {
        while !inventory.isOpen { try await Task.sleep(for: .milliseconds(10)) }
        if let lab {
            try await retrying("creating the demo event and the lab", logger: logger) {
                try await catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100), by: .demoStart)
                try await lab.prepare()
            }
        }
        try await restorer.restoreAll(logger: logger)
        logger.info("every event is published in Redis")
    }
}
