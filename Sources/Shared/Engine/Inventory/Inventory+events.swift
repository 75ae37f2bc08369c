import Domain
import Ledger
import RedisClient
import RedisSchema
import Timing

/// Events' hashes: what the ledger says about an event, and the counters that claims move.
extension Inventory {
    /// What became of a publication.
    package enum Publication: Hashable, Sendable {
        case done
        /// Redis has been told of a later generation or revision already.
        case superseded
        /// The event is missing in Redis while orders are on their way to the ledger, so its stock is not known yet.
        case ordersInFlight
        /// The new capacity is below what is claimed; nothing changed.
        case belowClaimed
        /// The event is missing in Redis, and so is what hangs on its orders; nothing changed.
        case needsBackfill

        /// Whether the event is not on sale as the ledger has it, and may be after another attempt.
        package var isIncomplete: Bool { self == .ordersInFlight || self == .needsBackfill }
    }

    /// What became of lowering a capacity.
    package enum Lowering: Hashable, Sendable {
        case done
        /// The event is not on sale in this generation.
        case notLoaded
        /// Units are on their way back to the ledger; nothing changed, and it is to be tried again.
        case releasesInFlight
        /// So many units are claimed; nothing changed.
        case inUse(Int)
    }

    /// An event's counters and terms by Redis's account, or nil where it has no such event.
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

    /// A filling of an event that has been done: what a publication of a missing event goes by.
    package struct Backfilled: Hashable, Sendable {
        var token: String
        var stamp: String
        /// Units of orders that were set aside and of which the ledger has nothing.
        var stranded = UnitCounts()
    }

    /// Brings Redis to what the ledger says.
    ///
    /// - Parameter filled: the filling that was done since the answer ``Publication/needsBackfill``. The call is then for
    ///   the fence to complete.
    package static func call(
        publishing event: borrowing LockedEvent, filled: Backfilled?, in keys: Keyspace
    ) -> RedisScriptCall {
        let (id, stranded) = (event.id, filled?.stranded ?? UnitCounts())
        var call = RedisScriptCall(
            Scripts.publish,
            keys: [
                keys.event(id), keys.queue, keys.leases, keys.customers(id), keys.holds(id), keys.eventsWithHolds,
                keys.backfill(id), keys.backfill, keys.published, keys.requestedBackfills,
            ])
        call.append(event.wasPublished ? 0 : 1)
        call.append(filled?.token ?? "")
        call.append(filled?.stamp ?? "")
        call.append(id.description)
        for number in [
            event.generation, event.terms.capacity, event.held + stranded.held, event.sold + stranded.sold,
            event.terms.maxQuantity,
        ] {
            call.append(number)
        }
        call.append(event.terms.customerLimit.map { String($0) } ?? "")
        call.append(event.terms.holdSeconds.map { String($0) } ?? "")
        call.append(event.terms.opensAt.map { String($0.milliseconds) } ?? "")
        call.append(event.terms.closesAt.map { String($0.milliseconds) } ?? "")
        call.append(event.terms.paused ? 1 : 0)
        call.append(event.terms.name)
        call.append(event.revision)
        call.append(stranded.pending)
        return call
    }

    package static func publication(_ reply: RESPValue) throws(RedisError) -> Publication {
        switch reply.integer {
        case 0: return .done
        case 1: return .superseded
        case 2: return .ordersInFlight
        case 3: return .belowClaimed
        case 4: return .needsBackfill
        default: throw RedisError(.protocolViolation, "the publish script answered in another form", mayHaveRun: true)
        }
    }

    /// Lowers the capacity ahead of the ledger's.
    package func lower(_ event: borrowing LockedEvent, to capacity: Int) async throws(RedisError) -> Lowering {
        let keys = partitioning.home(of: event.id)
        let call = RedisScriptCall(
            Scripts.lowerCapacity, keys: [keys.event(event.id), keys.pendingReleases],
            arguments: [String(event.generation), String(capacity), String(event.revision)])
        switch try await client.connection.evaluate(call).integer {
        case .some(-1): return .done
        case .some(-2): return .notLoaded
        case .some(-3): return .releasesInFlight
        case .some(let used) where used >= 0: return .inUse(Int(used))
        default: throw RedisError(.protocolViolation, "the lower script answered in another form", mayHaveRun: true)
        }
    }

    /// Refuses claims until the event is published again.
    package func close(_ event: borrowing LockedEvent) async throws(RedisError) {
        let key = partitioning.home(of: event.id).event(event.id)
        _ = try await client.connection.evaluate(
            RedisScriptCall(Scripts.close, keys: [key], arguments: [String(event.revision)]))
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
