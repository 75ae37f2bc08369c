import Domain
import Ledger
import RedisClient
import RedisSchema

/// Fills some events in from the ledger and publishes them.
struct EventBackfill {
    /// Orders that are read from the ledger at a time, and of small events together.
    private static let readSize = 4000
    private static let readLimit = 20_000
    /// The ledger may be told something of an event while it is read: then it is filled in anew.
    private static let attempts = 5

    let work: BackfillWork

    private var filler: Backfiller { work.filler }
    private var keys: Keyspace { filler.keys }

    init(_ work: BackfillWork) { self.work = work }

    /// Events that could not be filled in are left for the next pass.
    func backfill(_ ids: [EventID]) async throws {
        var left = ids
        for _ in 0..<Self.attempts where !left.isEmpty {
            let events = try await filler.ledger.events(left)
            let writer = BackfillWriter(work)
            let publications = try await publish(events, with: writer)
            left = left.filter { publications[$0] == .needsBackfill }
            for event in events {
                let isThere = publications[event.id].map { !$0.isIncomplete } ?? false
                work.add((isThere ? event.held + event.sold : 0) - (writer.noted[event.id] ?? 0))
            }
        }
    }

    private func publish(
        _ events: [LedgerEvent], with writer: BackfillWriter
    ) async throws -> [EventID: PublicationOutcome] {
        let stranded = try await unrecordedOrders(of: events)
        var filled: [EventID: BackfilledEvent] = [:]
        if events.count > 1, let orders = try await filler.ledger.ordersToBackfill(of: events, limit: Self.readLimit) {
            let byEvent = Dictionary(grouping: orders, by: \.event)
            for event in events {
                writer.begin(at: "")
                try await writer.write(byEvent[event.id.description] ?? [], of: event)
                try await writer.end(event, with: stranded[event.id] ?? [])
            }
        } else {
            for event in events { try await read(event, into: writer, stranded: stranded[event.id] ?? []) }
        }
        let outOfStep = try await writer.finish()
        for event in events where !outOfStep.contains(event.id) {
            var counts = UnitCounts()
            for order in stranded[event.id] ?? [] { counts.count(order.state, order.quantity) }
            filled[event.id] = BackfilledEvent(
                backfill: .init(token: work.token, stamp: event.stamp), unrecorded: counts)
        }
        var publications = try await filler.publisher.publish(Array(filled.keys), filled: filled)
        for id in outOfStep { publications[id] = .needsBackfill }
        return publications
    }

    /// Reads the next orders while the last are written.
    private func read(_ event: LedgerEvent, into writer: BackfillWriter, stranded: [Order]) async throws {
        let found = try await filler.connection.send(
            RedisCommand("HMGET", keys.backfill(event.id), BackfillState.fields[0], BackfillState.fields[1]))
        let state = BackfillState(found)
        var place = state?.stamp == event.stamp ? state?.position ?? "" : ""
        guard place != BackfillChunk.last else { return }
        if OrderID(place) == nil { place = "" }
        writer.begin(at: place)
        var orders = try await filler.ledger.ordersToBackfill(of: event, after: place, limit: Self.readSize)
        while let last = orders.last, orders.count == Self.readSize {
            async let next = filler.ledger.ordersToBackfill(of: event, after: last.id, limit: Self.readSize)
            try await writer.write(orders, of: event)
            orders = try await next
        }
        try await writer.write(orders, of: event)
        try await writer.end(event, with: stranded)
    }

    /// Orders that were set aside and of which the ledger has nothing: their units are claimed all the same. They stay
    /// there while the event is missing (see requeue.lua).
    private func unrecordedOrders(of events: [LedgerEvent]) async throws -> [EventID: [Order]] {
        guard try await filler.connection.send(RedisCommand("HLEN", keys.deadLetters)).integer ?? 0 > 0 else {
            return [:]
        }
        let generations = Dictionary(events.map { ($0.id, $0.generation) }) { $1 }
        let orders = try await OrderQueue.deadLetters(in: keys, on: filler.connection, limit: .max)
            .compactMap(\.order).filter { generations[$0.event] == $0.generation && $0.state.holdsUnits }
        let known = try await filler.ledger.versions(of: orders.map(\.id))
        return Dictionary(grouping: Ledger.latest(of: orders).filter { known[$0.id] == nil }, by: \.event)
    }
}

/// A backfill of an event that has been done, for its publication.
struct BackfilledEvent: Hashable, Sendable {
    var backfill: EventPublication.Backfill
    /// Units of dead letters that the ledger does not have.
    var unrecorded = UnitCounts()
}
