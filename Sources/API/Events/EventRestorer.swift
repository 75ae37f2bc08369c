import Domain
import Engine
import Ledger
import Logging
import Runtime
import ServiceLifecycle
import Timing

/// Has events published in Redis: those that the ledger says may not be known there, at the start, and one by one where a
/// claim finds an event missing or closed.
actor EventRestorer {
    /// What became of an event that is missing or closed in Redis.
    enum Restoring: Hashable {
        case done
        /// It has to wait; so many seconds, as far as that can be told.
        case wait(seconds: Int)
    }

    /// Tickets up to which a request waits until its event is filled in.
    private static let smallLimit = 20_000
    /// How long an answer of the ledger about an event's size is good: many ask at once.
    private static let memory = Duration.seconds(1)

    private let catalogue: EventCatalogue
    private let ledger: Ledger
    private var restoring: [EventID: Task<Bool, any Error>] = [:]
    private var sizes: [EventID: (units: Int, at: ContinuousClock.Instant)] = [:]
    /// Whether every event that was not published has been since the start.
    private(set) var isComplete = false
    /// Events whose last change, or its undoing, could not be published.
    private var owed: Set<EventID> = []

    init(catalogue: EventCatalogue, ledger: Ledger) {
        self.catalogue = catalogue
        self.ledger = ledger
    }

    /// Puts one event right. However many requests ask for the same event at once, it is done once. While Redis is being
    /// filled, or if the event is large, nobody waits here: the event comes next.
    ///
    /// Throws a problem if there is no such event.
    func restore(_ id: EventID) async throws -> Restoring {
        let units = try await size(of: id)
        let progress = catalogue.progress(of: id)
        guard progress.phase == .complete, units <= Self.smallLimit else {
            if progress.phase == .complete {
                _ = publication(of: id)
            } else {
                try await catalogue.requestBackfill(of: id)
            }
            return .wait(seconds: progress.seconds(for: units))
        }
        return try await publication(of: id).value ? .done : .wait(seconds: 1)
    }

    private func publication(of id: EventID) -> Task<Bool, any Error> {
        if let running = restoring[id] { return running }
        let task = Task { [catalogue] in
            defer { restoring[id] = nil }
            return try await !catalogue.publish(id).isIncomplete
        }
        restoring[id] = task
        return task
    }

    private func size(of id: EventID) async throws -> Int {
        let now = ContinuousClock.now
        if let known = sizes[id], now - known.at < Self.memory { return known.units }
        guard let event = try await ledger.event(id) else { throw Problem(Refusal.eventUnknown, event: id) }
        sizes = sizes.filter { now - $0.value.at < Self.memory }
        sizes[id] = (event.held + event.sold, now)
        return event.held + event.sold
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

    /// Publishes what was not, again and again until nothing is left. What waits for its filling is published with it.
    func restoreAll(logger: Logger) async throws {
        while !isComplete {
            isComplete = try await retrying("publishing events in Redis", logger: logger) { [catalogue] in
                try await catalogue.publishUnpublished()
            }
            if !isComplete { try await Task.sleep(for: .milliseconds(500)) }
        }
    }
}
