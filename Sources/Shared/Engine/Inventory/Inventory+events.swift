package import Domain
import Ledger
package import RedisClient
import RedisSchema
import Timing

/// The hashes of events, which contain the terms from the ledger and the counters that claims change.
extension Inventory {
    /// An event's counters and terms in Redis; nil if Redis does not have the event.
    package func event(_ id: EventID) async throws(RedisError) -> EventReport? {
        let key = partitioning.home(of: id).event(id)
        let connection = client.connection
        let fields = try await connection.send(RedisCommand("HGETALL", key)).fields()
        guard let stock = fields["stock"].flatMap({ Int($0) }), let terms = EventTerms(fields: fields) else {
            return nil
        }
        let now = try await connection.send(RedisCommand("TIME")).time()
        func count(_ field: String) -> Int { fields[field].flatMap { Int($0) } ?? 0 }
        return EventReport(
            id: id, terms: terms, available: stock, held: count("held"), pending: count("pending"), sold: count("sold"),
            status: EventStatus(terms: terms, available: stock, at: now))
    }

    /// Lowers the capacity in Redis before the ledger's.
    func lower(_ event: borrowing LockedEvent, to capacity: Int) async throws(RedisError) -> LoweringOutcome {
        let script = LowerCapacityScript(
            event.id, generation: event.generation, capacity: capacity, revision: event.revision)
        return try await partition(of: event.id).run(script)
    }

    /// Refuses claims until the event is published again.
    func close(_ event: borrowing LockedEvent) async throws(RedisError) {
        _ = try await partition(of: event.id).run(CloseEventScript(event.id, revision: event.revision))
    }
}

extension EventPublication {
    /// The state of an event in the ledger.
    ///
    /// - Parameters:
    ///   - backfill: the backfill that was done since the outcome ``PublicationOutcome/needsBackfill``.
    ///   - unrecorded: units of dead letters that the ledger does not have.
    init(
        _ event: borrowing LockedEvent, backfill: Backfill? = nil, unrecorded: UnitCounts = UnitCounts()
    ) {
        self.init(
            id: event.id, terms: event.terms, generation: event.generation,
            counts: UnitCounts(
                pending: unrecorded.pending, held: event.held + unrecorded.held, sold: event.sold + unrecorded.sold),
            revision: event.revision, isNew: !event.wasPublished, backfill: backfill)
    }
}

extension EventTerms {
    package init?(fields: [String: String]) {
        guard let name = fields["name"], let capacity = fields["capacity"].flatMap({ Int($0) }),
            let maxQuantity = fields["max_quantity"].flatMap({ Int($0) })
        else { return nil }
        self.init(
            name: name, capacity: capacity, maxQuantity: maxQuantity,
            customerLimit: fields["per_customer_limit"].flatMap { Int($0) },
            holdSeconds: fields["hold_seconds"].flatMap { Int($0) },
            opensAt: fields["opens_at"].flatMap { Int64($0) }.map(Timestamp.init(milliseconds:)),
            closesAt: fields["closes_at"].flatMap { Int64($0) }.map(Timestamp.init(milliseconds:)),
            paused: fields["paused"] == "1")
    }
}
