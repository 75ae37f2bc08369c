import Domain
import Engine
import Logging
import Runtime
import ServiceLifecycle
import Timing

/// What has to be done once, when Redis may be used, before everything can be sold: the demo event, the stock in Redis.
/// Requests are answered from the start; what is not ready yet answers 503. After that it stays, and publishes what could
/// not be published at once.
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
                try await restorer.payDebts()
            } catch is CancellationError {
                return
            }
        }
    }

    private func prepare() async throws {
        while !inventory.isOpen { try await Task.sleep(for: .milliseconds(10)) }
        if let lab {
            try await retrying("making the demo event and the lab", logger: logger) {
                try await catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100))
                try await lab.prepare()
            }
        }
        try await restorer.restoreAll(logger: logger)
        logger.info("every event is on sale as the ledger has it")
    }
}
