import Logging
import ServiceLifecycle
import Shared

/// What has to be done once before everything can be sold: the schema, the demo event, the stock in Redis. Requests are
/// answered from the start; what is not ready yet answers 503. After that it stays, and publishes what could not be
/// published at once.
struct Preparation: Service {
    let ledger: Ledger
    let catalogue: EventCatalogue
    let restorer: EventRestorer
    let isDemo: Bool
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
        try await retrying("preparing the ledger", logger: logger, unless: { $0 is MigrationError }) {
            try await ledger.migrate()
            if isDemo {
                try await catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100))
            }
        }
        try await restorer.restoreAll(logger: logger)
        logger.info("every event is on sale as the ledger has it")
    }
}
