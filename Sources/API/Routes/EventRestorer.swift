import Logging
import ServiceLifecycle
import Shared

/// Fills Redis from the ledger: every event at start, and one by one where a claim finds an event missing or closed.
actor EventRestorer {
    private let catalogue: EventCatalogue
    private let ledger: Ledger
    private var restoring: [EventID: Task<Bool, any Error>] = [:]
    /// Whether every event has been published since the start.
    private(set) var isComplete = false
    /// Events whose last change, or its undoing, could not be published.
    private var owed: Set<EventID> = []

    init(catalogue: EventCatalogue, ledger: Ledger) {
        self.catalogue = catalogue
        self.ledger = ledger
    }

    /// Puts one event right. However many requests ask for the same event at once, it is done once.
    ///
    /// False where that has to wait until orders on their way have reached the ledger. Throws a problem where there is no
    /// such event.
    func restore(_ id: EventID) async throws -> Bool {
        if let running = restoring[id] { return try await running.value }
        let task = Task { [catalogue, ledger] in
            guard try await ledger.event(id) != nil else { throw Problem(Refusal.eventUnknown, event: id) }
            return try await !catalogue.publish(id).isIncomplete
        }
        restoring[id] = task
        defer { restoring[id] = nil }
        return try await task.value
    }

    /// Notes an event that is to be published as soon as that can be done.
    func owe(_ id: EventID) {
        owed.insert(id)
    }

    /// Publishes what is owed, looking once a second, until it is cancelled.
    func payDebts() async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            for id in owed {
                do {
                    let publication = try await catalogue.publish(id)
                    if publication == .done || publication == .superseded { owed.remove(id) }
                } catch CatalogueError.eventUnknown {
                    owed.remove(id)  // There is no such event: it was never made.
                } catch {
                    // A store is still away.
                }
            }
        }
    }

    /// Publishes all events, again and again until it is complete.
    func restoreAll(logger: Logger) async throws {
        while !isComplete {
            isComplete = try await retrying("filling Redis from the ledger", logger: logger) { [catalogue] in
                try await catalogue.publishAll()
            }
            if !isComplete { try await Task.sleep(for: .milliseconds(500)) }
        }
    }
}
