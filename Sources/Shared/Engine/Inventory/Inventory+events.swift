package import Domain
import Ledger
import NIOCore
package import RedisClient
import RedisSchema
import Timing

/// The hashes of events, which contain the terms from the ledger and the counters that claims change.
extension Inventory {
    /// An event's counters and terms in Redis; nil if Redis does not have the event.
    package func event(_ id: EventID) async throws(RedisError) -> EventReport? {
        try await events([id], through: client)[0]
    }

    /// The counters and terms of events, in their order; nil for an event that Redis does not have.
    ///
    /// - Parameter client: the connections to read on.
    func events(_ ids: [EventID], through client: RedisClient) async throws(RedisError) -> [EventReport?] {
        var indices: [ObjectIdentifier: (connection: RedisConnection, indices: [Int])] = [:]
        for (index, id) in ids.enumerated() {
            let connection = client.connection(of: partitioning.home(of: id).slot)
            indices[ObjectIdentifier(connection), default: (connection, [])].indices.append(index)
        }
        var reports = [EventReport?](repeating: nil, count: ids.count)
        for (connection, indices) in indices.values {
            let reads = indices.map { RedisCommand("HGETALL", partitioning.home(of: ids[$0]).event(ids[$0])) }
            let replies = try await connection.send([RedisCommand("TIME")] + reads)
            let now = try replies[0].time()
            for (index, reply) in zip(indices, replies.dropFirst()) {
                reports[index] = Self.report(ids[index], try reply.fields(), at: now)
            }
        }
        return reports
    }

    private static func report(_ id: EventID, _ fields: [String: String], at now: Timestamp) -> EventReport? {
        guard let stock = fields["stock"].flatMap({ Int($0) }), let terms = EventTerms(fields: fields) else {
            return nil
        }
        func count(_ field: String) -> Int { fields[field].flatMap { Int($0) } ?? 0 }
        return EventReport(
            id: id, terms: terms, available: stock, held: count("held"), pending: count("pending"), sold: count("sold"),
            waiting: count("waiting"), status: EventStatus(terms: terms, available: stock, at: now))
    }

    /// Lowers the capacity in Redis before the ledger's.
    func lower(_ event: borrowing LockedEvent, to capacity: Int) async throws(RedisError) -> LoweringOutcome {
        let script = LowerCapacityScript(
            event.id, generation: event.generation, capacity: capacity, revision: event.revision)
        return try await partition(of: event.id).run(script)
    }

    /// Removes an archived or deleted event from Redis; the result is false if Redis has a later publication.
    func remove(_ event: borrowing LockedEvent) throws(RedisError) -> EventLoopFuture<Bool> {
        try partition(of: event.id).pipeline(RemoveEventScript(event.id, revision: event.revision))
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
    ///   - returning: units whose return is dead-lettered.
    ///   - room: the marks of the event's waiting room, if it has one.
    init(
        _ event: borrowing LockedEvent, backfill: Backfill? = nil, unrecorded: UnitCounts = UnitCounts(),
        returning: Int = 0, room: RoomMarks? = nil
    ) {
        self.init(
            id: event.id, terms: event.terms, generation: event.generation,
            counts: UnitCounts(
                pending: unrecorded.pending, held: event.held + unrecorded.held, sold: event.sold + unrecorded.sold),
            returning: returning, revision: event.revision, isNew: !event.wasPublished, backfill: backfill,
            room: room)
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
            maxOrders: fields["max_orders"].flatMap { Int($0) }, maxHolds: fields["max_holds"].flatMap { Int($0) },
            holdPauseSeconds: fields["hold_pause_seconds"].flatMap { Int($0) },
            hasWaitlist: fields["waitlist"] == "1", offerSeconds: fields["offer_seconds"].flatMap { Int($0) },
            admissionRate: fields["admission_rate"].flatMap { Int($0) },
            passSeconds: fields["pass_seconds"].flatMap { Int($0) } ?? 600,
            lobbyOpensAt: fields["lobby_opens_at"].flatMap { Int64($0) }.map(Timestamp.init(milliseconds:)),
            opensAt: fields["opens_at"].flatMap { Int64($0) }.map(Timestamp.init(milliseconds:)),
            closesAt: fields["closes_at"].flatMap { Int64($0) }.map(Timestamp.init(milliseconds:)),
            paused: fields["paused"] == "1")
    }
}
