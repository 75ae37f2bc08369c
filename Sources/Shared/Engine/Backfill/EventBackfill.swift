import Domain
import Ledger
import RedisClient
import RedisSchema

/// Backfills some events from the ledger and publishes them.
struct EventBackfill {
    /// Orders of one read from the ledger: of one event, and of small events together.
    private static let readSize = 4000
    private static let readLimit = 20_000
    /// The ledger may record changes of an event while the event is read; then the event is backfilled again.
    private static let attempts = 5

    let work: BackfillWork

    private var backfiller: Backfiller { work.backfiller }
    private var keys: Keyspace { backfiller.keys }

    init(_ work: BackfillWork) { self.work = work }

    /// Events that could not be backfilled are left for the next pass.
    func backfill(_ ids: [EventID]) async throws {
        var left = ids
        for _ in 0..<Self.attempts where !left.isEmpty {
            let events = try await backfiller.ledger.events(left)
            let writer = BackfillWriter(work)
            let publications = try await publish(events, with: writer)
            left = left.filter { publications[$0] == .needsBackfill }
            for event in events {
                let isLoaded = publications[event.id].map { !$0.isIncomplete } ?? false
                work.add((isLoaded ? event.held + event.sold : 0) - (writer.unitsAdded[event.id] ?? 0))
            }
        }
    }

    private func publish(
        _ events: [LedgerEvent], with writer: BackfillWriter
    ) async throws -> [EventID: PublicationOutcome] {
        let deadLetters = try await DeadLetteredOrders(
            of: events, in: keys, on: backfiller.connection, backfiller.ledger)
        let unrecorded = deadLetters.unrecorded
        if events.count > 1,
            let orders = try await backfiller.ledger.ordersToBackfill(of: events, limit: Self.readLimit)
        {
            let byEvent = Dictionary(grouping: orders, by: \.event)
            for event in events {
                writer.begin(at: "")
                try await writer.write(byEvent[event.id.description] ?? [], of: event)
                try await writer.end(event, with: unrecorded[event.id] ?? [])
            }
        } else {
            for event in events { try await copy(event, with: writer, unrecorded: unrecorded[event.id] ?? []) }
        }
        let outOfStep = try await writer.finish()
        var backfilled: [EventID: BackfilledEvent] = [:]
        for event in events where !outOfStep.contains(event.id) {
            var counts = UnitCounts()
            for order in unrecorded[event.id] ?? [] { counts.count(order.state, order.quantity) }
            backfilled[event.id] = BackfilledEvent(
                backfill: .init(token: work.token, stamp: event.stamp), unrecorded: counts,
                returning: deadLetters.returning[event.id] ?? 0)
        }
        var publications = try await backfiller.publisher.publish(Array(backfilled.keys), backfilled: backfilled)
        for id in outOfStep { publications[id] = .needsBackfill }
        return publications
    }

    /// Copies one event's orders, from the position that an earlier backfill has reached. Reads the next orders while
    /// the previous ones are written.
    private func copy(_ event: LedgerEvent, with writer: BackfillWriter, unrecorded: [Order]) async throws {
        let found = try await backfiller.connection.send(
            RedisCommand("HMGET", keys.backfill(event.id), BackfillState.fields[0], BackfillState.fields[1]))
        let state = BackfillState(found)
        var position = state?.stamp == event.stamp ? state?.position ?? "" : ""
        guard position != BackfillChunk.last else { return }
        if OrderID(position) == nil { position = "" }
        writer.begin(at: position)
        var orders = try await backfiller.ledger.ordersToBackfill(of: event, after: position, limit: Self.readSize)
        while let last = orders.last, orders.count == Self.readSize {
            async let next = backfiller.ledger.ordersToBackfill(of: event, after: last.id, limit: Self.readSize)
            try await writer.write(orders, of: event)
            orders = try await next
        }
        try await writer.write(orders, of: event)
        try await writer.end(event, with: unrecorded)
    }
}

/// A completed backfill of an event, for its publication.
struct BackfilledEvent: Hashable, Sendable {
    var backfill: EventPublication.Backfill
    /// Units of dead letters that the ledger does not have.
    var unrecorded = UnitCounts()
    /// Units whose return is dead-lettered.
    var returning = 0
}
