import Domain
import Engine
import Ledger
import Logging
import RedisSchema
import Runtime
import ServiceLifecycle
import Timing

/// Publishes events in Redis: at the start those that the ledger marks as unpublished, later one by one those that a claim
/// finds missing or closed.
actor EventRestorer {
    /// The result of ``restore(_:)``.
    enum Restoration: Hashable {
        case published
        /// The event will be published later. The estimate is in seconds.
        case retry(seconds: Int)
        case eventUnknown
        /// The event is archived: it is not published.
        case archived
    }

    /// The number of tickets up to which a request waits for the event's backfill.
    private static let smallLimit = 20_000
    /// How long an event's size is cached. Many requests need it at the same time.
    private static let sizeLifetime = Duration.seconds(1)

    private let catalogue: EventCatalogue
    private let ledger: Ledger
    private var publications: [EventID: Task<Bool, any Error>] = [:]
    private var sizes: [EventID: Size] = [:]
    private struct Size {
        /// Tickets that are held or sold.
        var units: Int
        var isArchived: Bool
        var at: ContinuousClock.Instant
    }

    /// Whether every event that was unpublished at the start has been published.
    private(set) var isComplete = false
    /// Events whose last change, or the reversal of it, could not be published.
    private var pendingPublishes: Set<EventID> = []

    init(catalogue: EventCatalogue, ledger: Ledger) {
        self.catalogue = catalogue
        self.ledger = ledger
    }

    /// Publishes one event that is missing or closed in Redis. Concurrent calls for one event share one publication. If the
    /// recovery of Redis is not complete, or the event has more than 20,000 tickets, the call does not wait: the event is
    /// scheduled and the result is `retry`.
    func restore(_ id: EventID) async throws -> Restoration {
        guard let size = try await size(of: id) else { return .eventUnknown }
        guard !size.isArchived else { return .archived }
        let units = size.units
        let progress = catalogue.progress(of: id)
        guard progress.phase == .complete, units <= Self.smallLimit else {
            if progress.phase == .complete {
                _ = publication(of: id)
            } else {
                try await catalogue.requestBackfill(of: id)
            }
            return .retry(seconds: progress.seconds(for: units))
        }
        return try await publication(of: id).value ? .published : .retry(seconds: 1)
    }

    private func publication(of id: EventID) -> Task<Bool, any Error> {
        if let running = publications[id] { return running }
        let task = Task { [catalogue] in
            defer { publications[id] = nil }
            return try await !catalogue.publish(id).isIncomplete
        }
        publications[id] = task
        return task
    }

    /// The size of an event; nil if there is no such event.
    private func size(of id: EventID) async throws -> Size? {
        let now = ContinuousClock.now
        if let known = sizes[id], now - known.at < Self.sizeLifetime { return known }
        guard let event = try await ledger.event(id) else { return nil }
        sizes = sizes.filter { now - $0.value.at < Self.sizeLifetime }
        let size = Size(units: event.held + event.sold, isArchived: event.terms.isArchived, at: now)
        sizes[id] = size
        return size
    }

    /// Adds an event to those that ``retryPending()`` publishes.
    func schedulePublish(_ id: EventID) {
        pendingPublishes.insert(id)
    }

    /// Publishes the scheduled events once a second until the task is cancelled.
    func retryPending() async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            for id in pendingPublishes {
                do {
                    let publication = try await catalogue.publish(id)
                    if publication == .published || publication == .superseded { pendingPublishes.remove(id) }
                } catch CatalogueError.eventUnknown {
                    pendingPublishes.remove(id)  // The event was never created.
                } catch {
                    // A store is still unavailable.
                }
            }
        }
    }

    /// Publishes the unpublished events, and retries until all are published. An event that needs a backfill is published
    /// with it.
    func restoreAll(logger: Logger) async throws {
        while !isComplete {
            isComplete = try await retrying("publishing events in Redis", logger: logger) { [catalogue] in
                try await catalogue.publishUnpublished()
            }
            if !isComplete { try await Task.sleep(for: .milliseconds(500)) }
        }
    }
}
